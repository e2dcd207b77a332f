using System.Buffers.Binary;

namespace WgNet.Unit.Mutation;

/// <summary>
/// One mutated input's choices, all of them from one number, so that the number repeats the input. Datagrams and packets are
/// mutated byte by byte, text also token by token.
/// </summary>
internal struct Mutator(ulong seed)
{
    // What parsers compare with, split at, and run out of.
    private static readonly byte[] Characters = "\n\r\0=#-,/.:[]%0159afzAZ \u00ff\u0080"u8.ToArray();

    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "", "0", "-1", "65535", "65536", "4294967295", "4294967296", "18446744073709551616", "00000000000000000001", "0x", "off", "true",
            "::/0", "::/129", "0.0.0.0/0", "::ffff:1.2.3.4", "[::1%lo]:1", "1.2.3.4:0", "public_key", "private_key", "[Peer]", new string('a', 5000),
        }.Select(System.Text.Encoding.ASCII.GetBytes),
    ];

    private static readonly ushort[] Words = [0, 1, 7, 8, 20, 40, 0x7fff, 0x8000, 0xfffe, 0xffff];

    private ulong _state = seed;

    /// <summary>0 to <paramref name="limit"/> − 1.</summary>
    public int Next(int limit)
    {
        // SplitMix64: good numbers from any seed at once, where System.Random takes longer to begin than an input to mutate.
        ulong x = _state += 0x9e37_79b9_7f4a_7c15;
        x = (x ^ (x >> 30)) * 0xbf58_476d_1ce4_e5b9;
        x = (x ^ (x >> 27)) * 0x94d0_49bb_1331_11eb;
        return (int)((x ^ (x >> 31)) % (uint)limit);
    }

    public T Pick<T>(ReadOnlySpan<T> from) => from[Next(from.Length)];

    /// <summary>Never the original: some bytes or a word changed, cut, made longer, or all noise but its first byte.</summary>
    /// <param name="uncovered">How many bytes at the end stay, if any do: such as mac2, which nothing depends on without load.</param>
    public byte[] Bytes(ReadOnlySpan<byte> original, int uncovered = 0)
    {
        byte[] mutant = original.ToArray();
        switch (Next(8))
        {
            case 0:
                return mutant[..Next(mutant.Length)];
            case 1:
                Array.Resize(ref mutant, mutant.Length + 1 + Next(63));
                return mutant;
            case 2:
                Fill(mutant.AsSpan(1..^uncovered));
                break;
            case 3 when mutant.Length > uncovered + 1:
                BinaryPrimitives.WriteUInt16BigEndian(mutant.AsSpan(Next(mutant.Length - uncovered - 1)), Pick<ushort>(Words));
                break;
            default:
                for (int changes = 1 + Next(3); changes > 0; changes--)
                {
                    mutant[Next(mutant.Length - uncovered)] ^= (byte)(1 << Next(8));
                }

                break;
        }

        if (mutant.AsSpan().SequenceEqual(original))
        {
            mutant[Next(mutant.Length - uncovered)] ^= 1;
        }

        return mutant;
    }

    /// <summary>One to three of: a changed byte, a removed or repeated piece, a token replaced by another one or by a hostile one.</summary>
    public byte[] Text(byte[] original)
    {
        List<byte> text = [.. original];
        for (int edits = 1 + Next(3); edits > 0 && text.Count > 1; edits--)
        {
            int at = Next(text.Count), length = Math.Min(1 + Next(19), text.Count - at);
            switch (Next(5))
            {
                case 0:
                    text[at] = Pick<byte>(Characters);
                    break;
                case 1:
                    text.RemoveRange(at, length);
                    break;
                case 2:
                    text.InsertRange(Next(text.Count), text.GetRange(at, length));
                    break;
                default:
                    Replace(text, TokenAt(text, at), Next(2) == 0 ? Pick<byte[]>(Tokens) : Copy(text, TokenAt(text, Next(text.Count))));
                    break;
            }
        }

        return [.. text];
    }

    private void Fill(Span<byte> bytes)
    {
        foreach (ref byte b in bytes)
        {
            b = (byte)Next(256);
        }
    }

    private static byte[] Copy(List<byte> text, (int Start, int Length) token) => [.. text.GetRange(token.Start, token.Length)];

    private static void Replace(List<byte> text, (int Start, int Length) token, byte[] with)
    {
        text.RemoveRange(token.Start, token.Length);
        text.InsertRange(token.Start, with);
    }

    private static (int Start, int Length) TokenAt(List<byte> text, int at)
    {
        int start = at, end = at;
        while (start > 0 && !IsDelimiter(text[start - 1]))
        {
            start--;
        }

        while (end < text.Count && !IsDelimiter(text[end]))
        {
            end++;
        }

        return (start, Math.Max(end - start, 0));
    }

    private static bool IsDelimiter(byte c) => c is (byte)'\n' or (byte)'=' or (byte)',' or (byte)' ' or (byte)'/';
}
