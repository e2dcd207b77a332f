namespace WgNet.TestBed;

/// <summary>The protocol that carries the tunnel.</summary>
public enum Outside
{
    IPv4,
    IPv6,
}
