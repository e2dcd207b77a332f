using WgNet.Device;

namespace WgNet.Uapi;

/// <summary>The three Learn keys, which [Interface] and [Peer] have in common.</summary>
internal sealed class LearnKeys
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
