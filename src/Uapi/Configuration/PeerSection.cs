using WgNet.Device;
using WgNet.Protocol;
using WgNet.Udp;

namespace WgNet.Uapi;

/// <summary>The keys of one <c>[Peer]</c>.</summary>
/// <param name="firstLine">The line of <c>[Peer]</c>.</param>
internal sealed class PeerSection(int firstLine)
{
    public static readonly string[] Keys =
    [
        "PublicKey", "PresharedKey", "PresharedKeyFile", "AllowedIPs", "Endpoint", "PersistentKeepalive", "LearnableIPs",
        "LearnLimit", "LearnTimeout",
    ];

    private readonly List<PrefixUpdate> _allowedIps = [];
    private readonly LearnKeys _learn = new();
    private readonly SecretKeys _presharedKey = new("preshared", "PresharedKey");
    private bool _replaceAllowedIps = true;
    private PublicKey? _publicKey;
    private string? _endpoint;
    private ushort? _keepalive;

    public int FirstLine => firstLine;

    public void Take(in ConfigurationLine line)
    {
        switch (line.Key.ToUpperInvariant())
        {
            case "PUBLICKEY":
                _publicKey = line.PublicKey();
                break;
            case "PRESHAREDKEY":
                _presharedKey.Take(line);
                break;
            case "PRESHAREDKEYFILE":
                _presharedKey.TakeFile(line);
                break;
            case "ALLOWEDIPS":
                line.Prefixes(_allowedIps, ref _replaceAllowedIps, onlyIPv6: false);
                break;
            case "ENDPOINT":
                _endpoint = line.EndpointText();
                break;
            case "PERSISTENTKEEPALIVE":
                _keepalive = line.Keepalive();
                break;
            default:
                if (!_learn.TryTake(line))
                {
                    throw line.RefuseKey("Peer", Keys, "Interface", InterfaceSection.Keys);
                }

                break;
        }
    }

    public void Wipe() => _presharedKey.Wipe();

    public PublicKey RequirePublicKey(string file) => _publicKey
        ?? throw new ConfigurationFileException(file, firstLine, null, null, "this [Peer] has no PublicKey", "PublicKey = …");

    /// <summary>The whole section; the preshared key's array goes with it.</summary>
    public PeerUpdate ToUpdate(PublicKey publicKey, LearnKeys defaults)
    {
        var update = new PeerUpdate(publicKey)
        {
            PresharedKey = _presharedKey.Key,
            PresharedKeyFile = _presharedKey.File,
            PersistentKeepalive = _keepalive,
            ReplaceAllowedIps = _replaceAllowedIps,
            ReplaceLearnableIps = _learn.ReplaceLearnableIps,
            LearnLimit = _learn.Limit ?? defaults.Limit,
            LearnTimeoutSeconds = _learn.TimeoutSeconds ?? defaults.TimeoutSeconds,
        };
        update.AllowedIps.AddRange(_allowedIps);
        update.LearnableIps.AddRange(_learn.LearnableIps ?? defaults.LearnableIps ?? []);
        if (_endpoint is not null)
        {
            bool isAddress = Endpoint.TryParse(_endpoint, out Endpoint? endpoint);
            update.Endpoint = endpoint;
            update.EndpointHost = isAddress ? "" : _endpoint;
        }

        return update;
    }
}
