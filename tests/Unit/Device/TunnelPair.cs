using System.Buffers.Binary;
using System.Net;
using WgNet.Device;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Tun;
using WgNet.Udp;
using WgNet.Unit.Fakes;

namespace WgNet.Unit.Device;

/// <summary>
/// Two devices with interfaces in memory and real sockets on loopback, which know each other:
/// <code>
///  host A ── MemoryTun ── Left ══ UDP 127.0.0.1 ══ Right ── MemoryTun ── host B
///  2001:db8::a                                                  2001:db8::b
/// </code>
/// </summary>
internal sealed class TunnelPair : IDisposable
{
    // Longer than a handshake retry: one that meets the limit of 50 initiations a second is answered at the second try.
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    // For what must not happen: as long as a loopback round trip takes, many times over.
    public static readonly TimeSpan Shortly = TimeSpan.FromMilliseconds(200);

    public TunnelPair(Action<PeerUpdate>? rightSeesLeft = null, Action<PeerUpdate>? leftSeesRight = null, TimeSpan? calm = null)
    {
        Left = new End(calm: calm);
        Right = new End(calm: calm);
        Left.Know(Right, peer =>
        {
            peer.AllowedIps.Add(new PrefixUpdate(new IpPrefix(0, 0, isIPv4: false), Remove: false));
            peer.AllowedIps.Add(new PrefixUpdate(new IpPrefix(0, 0, isIPv4: true), Remove: false));
            leftSeesRight?.Invoke(peer);
        });
        Right.Know(Left, rightSeesLeft ?? (peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8::a"), Remove: false))));
    }

    public End Left { get; }

    public End Right { get; }

    public static IpPrefix Prefix(string text) => IpPrefix.TryParse(text, out IpPrefix prefix) ? prefix : throw new FormatException(text);

    public static UInt128 Address(string text) => IpPrefix.ToNumber(IPAddress.Parse(text));

    /// <summary>An IPv6 packet with no next header and a payload of that many bytes.</summary>
    public static byte[] Packet(string source, string destination, int payload = 8)
    {
        byte[] packet = new byte[40 + payload];
        packet[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)payload);
        packet[6] = 59;
        packet[7] = 64;
        BinaryPrimitives.WriteUInt128BigEndian(packet.AsSpan(8), Address(source));
        BinaryPrimitives.WriteUInt128BigEndian(packet.AsSpan(24), Address(destination));
        return packet;
    }

    public void Dispose()
    {
        Left.Dispose();
        Right.Dispose();
    }

    /// <summary>One device, its interface up.</summary>
    internal sealed class End : IDisposable
    {
        private readonly SodiumPrimitives _primitives = new();

        public End(
            ITunDevice? tun = null, Func<ushort, uint, IUdpSockets>? openSockets = null, Func<string, IPAddress[]>? resolveName = null, ProtocolOptions? protocol = null,
            TimeSpan? calm = null)
        {
            Tun = tun as MemoryTun ?? new MemoryTun();
            var options = new DeviceOptions
            {
                OpenSockets = openSockets ?? ((port, mark) => UdpSockets.Open(port, mark)),
                ResolveName = resolveName ?? (_ => throw new InvalidOperationException("nobody has a name here")),
                Protocol = protocol ?? new ProtocolOptions(),
                Calm = calm ?? InterfaceWatch.Calm,
            };
            Device = new WireGuardDevice(options, tun ?? Tun, _primitives, Log.None);
            byte[] privateKey = new byte[32];
            _primitives.RandomBytes(privateKey);
            Device.Apply(new DeviceUpdate { PrivateKey = (byte[])privateKey.Clone() });
            Span<byte> publicKey = stackalloc byte[32];
            _primitives.X25519Base(privateKey, publicKey);
            PublicKey = new PublicKey(publicKey);
            Device.Start();
            Device.LinkChanged(new LinkState(Up: true, Mtu: 1420, []));
        }

        public MemoryTun Tun { get; }

        public WireGuardDevice Device { get; }

        public PublicKey PublicKey { get; }

        public void SetWorkers(int count) => Device.Apply(new DeviceUpdate { Workers = count });

        public void Know(End other, Action<PeerUpdate> configure)
        {
            var peer = new PeerUpdate(other.PublicKey) { Endpoint = new Endpoint(IPAddress.Loopback, other.Device.Snapshot().ListenPort) };
            configure(peer);
            Change(peer);
        }

        public void Change(PeerUpdate peer)
        {
            var update = new DeviceUpdate();
            update.Peers.Add(peer);
            Device.Apply(update);
        }

        public PeerSnapshot Peer(End other) => Device.Snapshot().Peers.Single(p => p.PublicKey == other.PublicKey);

        public long Drops(End from, string reason) => Peer(from).Drops.SingleOrDefault(drop => drop.Reason == reason).Count;

        public void Dispose() => Device.Dispose();
    }
}
