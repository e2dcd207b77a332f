namespace WgNet.Cli.Completion;

/// <summary>
/// Reads a usage line: <c>[ ]</c> may be left out, <c>{ }</c> groups, <c>|</c> parts alternatives, <c>...</c> repeats what it follows. A
/// bracket that touches other text, as in <c>&lt;host&gt;[:&lt;port&gt;]</c>, belongs to the word.
/// </summary>
internal ref struct UsageParser(string text)
{
    private const string Repeat = "...";

    private ReadOnlySpan<char> _rest = text;

    public static UsageNode Parse(string usage)
    {
        var parser = new UsageParser(usage);
        UsageNode node = parser.Alternatives();
        return parser._rest.IsEmpty ? node : throw new FormatException($"`{parser._rest}' closes nothing in the usage `{usage}'");
    }

    private UsageNode Alternatives()
    {
        List<UsageNode> alternatives = [Sequence()];
        while (_rest is ['|', ..])
        {
            _rest = _rest[1..];
            alternatives.Add(Sequence());
        }

        return alternatives.Count == 1 ? alternatives[0] : new UsageChoice(alternatives);
    }

    private UsageNode Sequence()
    {
        List<UsageNode> items = [];
        _rest = _rest.TrimStart();
        while (_rest is [not ('|' or ']' or '}'), ..])
        {
            items.Add(Item());
            _rest = _rest.TrimStart();
        }

        return items.Count == 1 ? items[0] : new UsageSequence(items);
    }

    private UsageNode Item()
    {
        bool isOptional = IsGroup();
        UsageNode item = isOptional || _rest[0] == '{' ? Group() : Word();
        if (_rest.StartsWith(Repeat))
        {
            _rest = _rest[Repeat.Length..];
            item = new UsageRepeated(item);
        }

        return isOptional ? new UsageOptional(item) : item;
    }

    private UsageNode Group()
    {
        _rest = _rest[1..];
        UsageNode inner = Alternatives();
        if (_rest.IsEmpty)
        {
            throw new FormatException("a bracket in the usage is not closed");
        }

        _rest = _rest[1..];
        return inner;
    }

    // Otherwise the bracket is a part of a word.
    private readonly bool IsGroup()
    {
        if (_rest[0] != '[')
        {
            return false;
        }

        ReadOnlySpan<char> after = _rest[Bracketed(_rest)..];
        return after.IsEmpty || after[0] is ' ' or ']' or '}' || after.StartsWith(Repeat);
    }

    // Words that touch a `|' are alternatives to each other: on|off.
    private UsageNode Word()
    {
        List<UsageNode> words = [];
        int length = 0;
        while (length < _rest.Length && _rest[length] is not (' ' or ']' or '}') && !_rest[length..].StartsWith(Repeat))
        {
            switch (_rest[length])
            {
                case '[':
                    length += Bracketed(_rest[length..]);
                    break;
                case '<':
                    length += _rest[length..].IndexOf('>') + 1;
                    break;
                case '|':
                    words.Add(new UsageWord(_rest[..length].ToString()));
                    _rest = _rest[(length + 1)..];
                    length = 0;
                    break;
                default:
                    length++;
                    break;
            }
        }

        words.Add(new UsageWord(_rest[..length].ToString()));
        _rest = _rest[length..];
        return words.Count == 1 ? words[0] : new UsageChoice(words);
    }

    // How long a text is that begins with a bracket, up to where that is closed.
    private static int Bracketed(ReadOnlySpan<char> text)
    {
        int depth = 0;
        for (int i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '[' => 1, ']' => -1, _ => 0 };
            if (depth == 0)
            {
                return i + 1;
            }
        }

        throw new FormatException("a bracket in the usage is not closed");
    }
}
