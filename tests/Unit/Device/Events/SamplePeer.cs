using WgNet.Device;
using WgNet.Learning;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Unit.Protocol;

namespace WgNet.Unit.Device.Events;

/// <summary>Peers of no device, to be told about.</summary>
internal static class SamplePeer
{
    public static Peer New(byte fill)
    {
        byte[] key = new byte[PublicKey.Size];
        Array.Fill(key, fill);
        return new Peer(
            new SessionTable(new CheapPrimitives(seed: 1)), new AddressLearner<Peer>(new AllowedIps<Peer>(), new byte[16]), new PublicKey(key), new StagingBudget(1));
    }
}
