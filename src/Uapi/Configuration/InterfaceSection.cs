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

    private string? _privateKeyFrom;

    public byte[]? PrivateKey { get; private set; }

    /// <summary>The file that the key stands in, empty if it stands in none; null if there is no key.</summary>
    public string? PrivateKeyFile { get; private set; }

    public ushort? ListenPort { get; private set; }

    public uint? FirewallMark { get; private set; }

    public int? Workers { get; private set; }

    public MetricsAddress? MetricsListen { get; private set; }

    public bool? StateFile { get; private set; }

    public QuickSettings Quick { get; } = new();

    /// <summary>For the peers that do not say otherwise.</summary>
    public LearnDefaults Learn { get; } = new();

    public void Take(in ConfigurationLine line)
    {
        switch (line.Key.ToUpperInvariant())
        {
            case "PRIVATEKEY":
                SetPrivateKey(line, line.Secret(), "");
                break;
            case "PRIVATEKEYFILE":
                SetPrivateKey(line, line.SecretFile("private", out string file), file);
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

    private void SetPrivateKey(in ConfigurationLine line, byte[] key, string file)
    {
        PrivateKey.Wipe();
        PrivateKey = key;
        PrivateKeyFile = file;
        string from = line.Key.ToUpperInvariant();
        if (_privateKeyFrom is not null && _privateKeyFrom != from)
        {
            throw line.RefuseSecret("the private key is given twice", "either PrivateKey or PrivateKeyFile");
        }

        _privateKeyFrom = from;
    }
}

/// <summary>The three Learn keys, which [Interface] and [Peer] have in common.</summary>
internal sealed class LearnDefaults
{
    public bool ReplaceLearnableIps { get; private set; } = true;

    /// <summary>Null if not given; an empty list is one that was given.</summary>
    public List<PrefixUpdate>? LearnableIps { get; private set; }

    public int? Limit { get; private set; }

    public long? TimeoutSeconds { get; private set; }

    /// <summary>False if the key is none of the three.</summary>
    public bool TryTake(in ConfigurationLine line)
    {
        switch (line.Key.ToUpperInvariant())
        {
            case "LEARNABLEIPS":
                bool replace = ReplaceLearnableIps;
                line.Prefixes(LearnableIps ??= [], ref replace, onlyIPv6: true);
                ReplaceLearnableIps = replace;
                return true;
            case "LEARNLIMIT":
                Limit = line.Number(0, LearnSettings.MaxLimit);
                return true;
            case "LEARNTIMEOUT":
                TimeoutSeconds = line.Duration();
                return true;
            default:
                return false;
        }
    }
}
