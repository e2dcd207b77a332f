using System.Buffers;

namespace WgNet.Cli;

/// <summary>Which interface names are taken: wg-quick(8)'s rule, narrower than the kernel's, so that a name is also a safe file name.</summary>
internal static class InterfaceName
{
    private const int IFNAMSIZ = 16;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_=+.-");

    public static bool IsValid(ReadOnlySpan<char> name) =>
        name.Length is > 0 and < IFNAMSIZ && name is not ("." or "..")
        && !name.ContainsAnyExcept(Allowed);

    public static void Check(string name)
    {
        if (!IsValid(name))
        {
            throw new UsageException($"`{name}' is not an interface name: 1 to 15 of a-z A-Z 0-9 _ = + . -");
        }
    }
}
