using System.Globalization;
using System.Net;
using System.Text;
using WgNet.Device;
using WgNet.Protocol;

namespace WgNet.Peers;

/// <summary>All the peers, and the gateway's configuration that knows them.</summary>
internal sealed class Crowd : IDisposable
{
    /// <summary>Addresses are numbered in 16 bits.</summary>
    public const int MostPeers = 60_000;

    public const int Port = 51820;

    private readonly string _gatewayKey;

    public Crowd(int peers)
    {
        var primitives = new SodiumPrimitives();
        byte[] key = new byte[PublicKey.Size];
        byte[] publicKey = new byte[PublicKey.Size];
        primitives.RandomBytes(key);
        primitives.X25519Base(key, publicKey);
        _gatewayKey = Convert.ToBase64String(key);
        Peers = [.. Enumerable.Range(1, peers).Select(number => new Initiator(primitives, new PublicKey(publicKey), number))];
        Talker = new Initiator(primitives, new PublicKey(publicKey), number: 0);
    }

    public Initiator[] Peers { get; }

    /// <summary>The established peer whose traffic must not suffer.</summary>
    public Initiator Talker { get; }

    public void Direct(IPAddress gateway)
    {
        foreach (Initiator peer in Peers.Prepend(Talker))
        {
            peer.Direct(gateway, Port);
        }
    }

    /// <summary>As wg(8) reads it.</summary>
    public string Configuration()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"[Interface]\nPrivateKey = {_gatewayKey}\nListenPort = {Port}\n");
        foreach (Initiator peer in Peers.Prepend(Talker))
        {
            text.Append(CultureInfo.InvariantCulture, $"[Peer]\nPublicKey = {peer.PublicKey}\nAllowedIPs = {peer.Inside}/32, fd40::{peer.Number:x}/128\n");
        }

        return text.ToString();
    }

    /// <summary>What wg(8) addconf takes to give every peer a persistent keepalive.</summary>
    public string Keepalives(int seconds) => Changes(string.Create(CultureInfo.InvariantCulture, $"PersistentKeepalive = {seconds}"));

    /// <summary>What wgnet's addconf takes to let every peer claim addresses in a prefix.</summary>
    public string Learnable(string prefix) => Changes($"LearnableIPs = {prefix}");

    private string Changes(string line)
    {
        var text = new StringBuilder();
        foreach (Initiator peer in Peers)
        {
            text.Append(CultureInfo.InvariantCulture, $"[Peer]\nPublicKey = {peer.PublicKey}\n{line}\n");
        }

        return text.ToString();
    }

    public void Dispose()
    {
        foreach (Initiator peer in Peers.Prepend(Talker))
        {
            peer.Dispose();
        }
    }
}
