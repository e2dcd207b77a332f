using System.Text;
using WgNet.Linux;

namespace WgNet.Cli.Doctor;

/// <summary>Reads files that may be missing, forbidden, endless or not text.</summary>
internal static class TextFile
{
    private const int PartSize = 16 * 1024;

    /// <summary>At most so many bytes of its beginning, as text; null if it cannot be read, or is a pipe or a device, of which reading alone can do harm.</summary>
    public static string? Read(string path, int most = 1 << 20)
    {
        try
        {
            if (!FileStatus.IsRegularFile(path))
            {
                return null;
            }

            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            using MemoryStream content = new();
            byte[] part = new byte[PartSize];
            int read;
            while (content.Length < most && (read = file.Read(part, 0, (int)Math.Min(part.Length, most - content.Length))) > 0)
            {
                content.Write(part, 0, read);
            }

            return Encoding.UTF8.GetString(content.GetBuffer(), 0, (int)content.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The files of a folder with names of that form, in order; none if it cannot be read.</summary>
    public static IReadOnlyList<string> List(string folder, string pattern, int most = 1000)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal).Take(most)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
