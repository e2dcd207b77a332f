namespace WgNet.Cli.Completion;

/// <summary>
/// A usage line taken as the grammar that it is, so that what help says and what the shells complete cannot differ: which words may
/// come next. Options may stand anywhere, settings in any order.
/// </summary>
internal sealed class UsageGrammar
{
    private readonly List<UsageOption> _options = [];
    private readonly HashSet<string> _literals = new(StringComparer.Ordinal);
    private readonly UsageNode _root;

    /// <param name="usage">What follows the verb.</param>
    public UsageGrammar(string usage) => _root = WithoutOptions(UsageParser.Parse(usage)) ?? new UsageSequence([]);

    public IReadOnlyList<UsageOption> Options => _options;

    /// <summary>Every word that stands for itself, options too.</summary>
    public IReadOnlyCollection<string> Literals => _literals;

    /// <summary>The words that are not options or their values.</summary>
    /// <param name="pending">The placeholder of the option that comes last and has no value yet, or null.</param>
    public List<string> Positional(IEnumerable<string> words, out string? pending)
    {
        List<string> positional = [];
        pending = null;
        foreach (string word in words)
        {
            if (pending is not null)
            {
                pending = null;
            }
            else if (_options.Find(option => option.Name == word) is { } option)
            {
                pending = option.Value;
            }
            else
            {
                positional.Add(word);
            }
        }

        return positional;
    }

    /// <summary>The literals and placeholders of which one may follow these words; options are left out.</summary>
    /// <param name="positional">Words without options, as <see cref="Positional"/> makes them.</param>
    public IReadOnlyCollection<string> Next(IReadOnlyList<string> positional)
    {
        Walk walk = new(positional);
        _ = walk.Ends(_root, 0);
        return walk.Expected;
    }

    /// <summary>Whether the words are what the usage line asks for, nothing missing and nothing too much.</summary>
    public bool Accepts(IEnumerable<string> words)
    {
        List<string> positional = Positional(words, out string? pending);
        return pending is null && new Walk(positional).Ends(_root, 0).Contains(positional.Count);
    }

    // Null if nothing is left.
    private UsageNode? WithoutOptions(UsageNode node)
    {
        switch (node)
        {
            case UsageWord word:
                if (!word.IsPlaceholder)
                {
                    _ = _literals.Add(word.Text);
                }

                if (!word.IsOption)
                {
                    return word;
                }

                AddOption(word.Text, value: null);
                return null;
            case UsageOptional optional:
                return WithoutOptions(optional.Inner) is { } inner ? new UsageOptional(inner) : null;
            case UsageRepeated repeated:
                return WithoutOptions(repeated.Inner) is { } again ? new UsageRepeated(again) : null;
            case UsageChoice choice:
                UsageNode[] alternatives = [.. choice.Alternatives.Select(WithoutOptions).OfType<UsageNode>()];
                return alternatives.Length == 0 ? null : new UsageChoice(alternatives);
            case UsageSequence sequence:
                return WithoutOptions(sequence);
            default:
                return node;
        }
    }

    private UsageSequence? WithoutOptions(UsageSequence sequence)
    {
        List<UsageNode> items = [];
        for (int i = 0; i < sequence.Items.Count; i++)
        {
            if (sequence.Items[i] is UsageWord { IsOption: true } option && i + 1 < sequence.Items.Count && sequence.Items[i + 1] is UsageWord { IsPlaceholder: true } value)
            {
                _ = _literals.Add(option.Text);
                AddOption(option.Text, value.Text);
                i++;
            }
            else if (WithoutOptions(sequence.Items[i]) is { } item)
            {
                items.Add(item);
            }
        }

        return items.Count == 0 ? null : new UsageSequence(WithSettings(items));
    }

    private void AddOption(string name, string? value)
    {
        if (!_options.Exists(option => option.Name == name))
        {
            _options.Add(new UsageOption(name, value));
        }
    }

    // Two and more of them in a row come in any order; one by itself is where it is.
    private static List<UsageNode> WithSettings(List<UsageNode> items)
    {
        List<UsageNode> result = [];
        for (int i = 0; i < items.Count; i++)
        {
            UsageNode[] settings = [.. items.Skip(i).TakeWhile(IsSetting).Select(item => ((UsageOptional)item).Inner)];
            if (settings.Length > 1)
            {
                result.Add(new UsageSettings(settings));
                i += settings.Length - 1;
            }
            else
            {
                result.Add(items[i]);
            }
        }

        return result;
    }

    private static bool IsSetting(UsageNode item) =>
        item is UsageOptional { Inner: UsageWord { IsPlaceholder: false } or UsageSequence { Items: [UsageWord { IsPlaceholder: false }, ..] } };

    /// <summary>Every way through the grammar at once: from a place in the words, the places at which a piece may end.</summary>
    private sealed class Walk(IReadOnlyList<string> words)
    {
        /// <summary>What the pieces wanted to see where the words end.</summary>
        public HashSet<string> Expected { get; } = new(StringComparer.Ordinal);

        public HashSet<int> Ends(UsageNode node, int start) => node switch
        {
            UsageWord word => OfWord(word, start),
            UsageOptional optional => [start, .. Ends(optional.Inner, start)],
            UsageChoice choice => [.. choice.Alternatives.SelectMany(alternative => Ends(alternative, start))],
            UsageSequence sequence => sequence.Items.Aggregate(
                new HashSet<int> { start }, (places, item) => [.. places.SelectMany(place => Ends(item, place))]),
            UsageRepeated repeated => OfRepeated(repeated.Inner, start),
            UsageSettings settings => OfSettings(settings.Items, start),
            _ => throw new ArgumentException($"{node} has no end", nameof(node)),
        };

        private HashSet<int> OfWord(UsageWord word, int place)
        {
            if (place == words.Count)
            {
                _ = Expected.Add(word.Text);
                return [];
            }

            return word.IsPlaceholder || words[place] == word.Text ? [place + 1] : [];
        }

        private HashSet<int> OfRepeated(UsageNode inner, int start)
        {
            HashSet<int> ends = [];
            Queue<int> places = new([start]);
            while (places.TryDequeue(out int place))
            {
                foreach (int end in Ends(inner, place))
                {
                    if (ends.Add(end))
                    {
                        places.Enqueue(end);
                    }
                }
            }

            return ends;
        }

        private HashSet<int> OfSettings(IReadOnlyList<UsageNode> items, int start)
        {
            HashSet<(int Place, ulong Used)> seen = [(start, 0)];
            Queue<(int Place, ulong Used)> states = new(seen);
            while (states.TryDequeue(out (int Place, ulong Used) state))
            {
                for (int i = 0; i < items.Count; i++)
                {
                    if ((state.Used >> i & 1) != 0)
                    {
                        continue;
                    }

                    foreach (int end in Ends(items[i], state.Place))
                    {
                        (int, ulong) next = (end, state.Used | 1UL << i);
                        if (seen.Add(next))
                        {
                            states.Enqueue(next);
                        }
                    }
                }
            }

            return [.. seen.Select(state => state.Place)];
        }
    }
}
