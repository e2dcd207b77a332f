using WgNet.Device;

namespace WgNet.Uapi;

/// <summary>The keys of <c>[Interface]</c>: those of wg(8), those of wg-quick(8), and WgNet's.</summary>
internal sealed class InterfaceSection
{
    public static readonly string[] Keys =
    [
        "PrivateKey", "PrivateKeyFile", "ListenPort", "FwMark", "Address", "DNS", "MTU", "Table", "PreUp", "PostUp", "PreDown",
        "PostDown", "SaveConfig", "LearnableIPs", "LearnLimit", "LearnTimeout", "Workers", "MetricsListen", "StateFile",
    ];

    public SecretKeys PrivateKey { get; } = new("private", "PrivateKey");

    public ushort? ListenPort { get; private set; }

    public uint? FirewallMark { get; private set; }

    public int? Workers { get; private set; }

    public MetricsAddress? MetricsListen { get; private set; }

    public bool? StateFile { get; private set; }

    public QuickSettings Quick { get; } = new();

    /// <summary>For the peers that do not say otherwise.</summary>
    public LearnKeys Learn { get; } = new();

    public void Take(in ConfigurationLine line)
    {
        switch (line.Key.ToUpperInvariant())
        {
            case "PRIVATEKEY":
                PrivateKey.Take(line);
                break;
            case "PRIVATEKEYFILE":
                PrivateKey.TakeFile(line);
                break;
            case "LISTENPORT":
                ListenPort = (ushort)line.Number(0, ushort.MaxValue);
                break;
            case "FWMARK":
                FirewallMark = line.Mark();
                break;
            case "WORKERS":
                Workers = line.Number(WorkerCount.Automatic, WorkerCount.Most);
                break;
            case "METRICSLISTEN":
                MetricsListen = line.MetricsListen();
                break;
            case "STATEFILE":
                StateFile = line.Switch();
                break;
            default:
                if (!Learn.TryTake(line))
                {
                    TakeQuick(line);
                }

                break;
        }
    }

    private void TakeQuick(in ConfigurationLine line)
    {
        switch (line.Key.ToUpperInvariant())
        {
            case "ADDRESS":
                line.Addresses(Quick.Addresses);
                break;
            case "DNS":
                line.Dns(Quick);
                break;
            case "MTU":
                // From what IPv4 asks of a link to what a TUN device carries.
                Quick.Mtu = line.Number(68, 65535);
                break;
            case "TABLE":
                Quick.Table = line.Word();
                break;
            case "PREUP":
                Quick.PreUp.Add(line.Command());
                break;
            case "POSTUP":
                Quick.PostUp.Add(line.Command());
                break;
            case "PREDOWN":
                Quick.PreDown.Add(line.Command());
                break;
            case "POSTDOWN":
                Quick.PostDown.Add(line.Command());
                break;
            case "SAVECONFIG":
                Quick.SaveConfig = line.Boolean();
                break;
            default:
                throw line.RefuseKey("Interface", Keys, "Peer", PeerSection.Keys);
        }
    }
}
