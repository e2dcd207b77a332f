namespace WgNet.Udp;
public sealed class ReceiveBatch { }
