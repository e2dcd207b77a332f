namespace WgNet.TestBed;

/// <summary>One end of a veth pair, with one address of each family.</summary>
public sealed record LinkEnd(string Interface, string IPv4, string IPv6)
{
    public string Address(Outside outside) => outside == Outside.IPv4 ? IPv4 : IPv6;
}
