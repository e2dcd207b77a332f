namespace WgNet.Udp;
public sealed class SendBatch { }
