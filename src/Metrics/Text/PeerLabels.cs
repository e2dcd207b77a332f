using System.Buffers.Text;
using WgNet.Device;
using WgNet.Protocol;

namespace WgNet.Metrics;

/// <summary>The labels of every peer, <c>interface="wg0",public_key="…"</c>, one behind the other in one array: there may be ten thousand.</summary>
internal sealed class PeerLabels
{
    private const int KeyLength = 44;

    private readonly byte[] _labels;
    private readonly int _length;

    public PeerLabels(string interfaceName, IReadOnlyList<PeerMeters> peers)
    {
        // All keys are of one length, and nothing in them is to be escaped.
        byte[] model = Labels.Of(("interface", interfaceName), ("public_key", new string('=', KeyLength)));
        int keyAt = model.Length - KeyLength - 1;
        Count = peers.Count;
        _length = model.Length;
        _labels = new byte[Count * _length];
        Span<byte> key = stackalloc byte[PublicKey.Size];
        for (int i = 0; i < Count; i++)
        {
            Span<byte> labels = _labels.AsSpan(i * _length, _length);
            model.CopyTo(labels);
            peers[i].PublicKey.CopyTo(key);
            _ = Base64.EncodeToUtf8(key, labels[keyAt..], out _, out _);
        }
    }

    public int Count { get; }

    public ReadOnlySpan<byte> this[int peer] => _labels.AsSpan(peer * _length, _length);
}
