using System.Security.Cryptography;
using WgNet.Linux;
using WgNet.Protocol;

namespace WgNet.Cli.Keys;

/// <summary><c>genkey</c>, <c>genpsk</c> and <c>pubkey</c>, as wg(8) has them.</summary>
internal static class KeyVerbs
{
    private const int StandardOutput = 1;

    public static readonly Verb GenKey = new(
        "genkey", "", "Generates a new private key and writes it to stdout", "(umask 077; wgnet genkey > private.key)",
        (args, streams) => Generate(args, streams, clamp: true));

    public static readonly Verb GenPsk = new(
        "genpsk", "", "Generates a new preshared key and writes it to stdout", "(umask 077; wgnet genpsk > preshared.key)",
        (args, streams) => Generate(args, streams, clamp: false));

    public static readonly Verb PubKey = new(
        "pubkey", "", "Reads a private key from stdin and writes a public key to stdout", "wgnet pubkey < private.key > public.key", DerivePublic);

    private static int Generate(string[] args, Streams streams, bool clamp)
    {
        RefuseArguments(args);
        if (FileStatus.IsWorldAccessibleFile(StandardOutput))
        {
            streams.Error.WriteLine("Warning: writing to world accessible file.\nConsider setting the umask to 077 and trying again.");
        }

        Span<byte> key = stackalloc byte[KeyText.KeySize];
        if (clamp)
        {
            KeyText.NewPrivateKey(key);
        }
        else
        {
            KernelRandom.Fill(key);
        }

        KeyText.WriteLine(streams.Out, key);
        CryptographicOperations.ZeroMemory(key);
        return 0;
    }

    private static int DerivePublic(string[] args, Streams streams)
    {
        RefuseArguments(args);
        char[] text = new char[KeyText.Length];
        Span<byte> key = stackalloc byte[KeyText.KeySize];
        try
        {
            if (streams.In.ReadBlock(text) != text.Length)
            {
                throw new CommandException("Key is not the correct length or format");
            }

            for (int next; (next = streams.In.Read()) >= 0;)
            {
                if (!char.IsWhiteSpace((char)next))
                {
                    throw new CommandException("Trailing characters found after key");
                }
            }

            if (!KeyText.TryDecode(text, key))
            {
                throw new CommandException("Key is not the correct length or format");
            }

            PublicKey publicKey = KeyText.PublicKeyOf(key);
            streams.Out.WriteLine(publicKey);
            return 0;
        }
        finally
        {
            text.AsSpan().Clear();
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static void RefuseArguments(string[] args)
    {
        if (args.Length > 0)
        {
            throw new UsageException($"`{args[0]}' was not expected");
        }
    }
}
