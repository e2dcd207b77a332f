using System.Security.Cryptography;
using System.Text;
using WgNet.Linux;

namespace WgNet.Cli.Quick;

/// <summary>Puts a text in place of a file at once: whoever reads, or loses power, has the old or the new one. Mode 0600.</summary>
internal static class AtomicFile
{
    public static void Write(string path, string text)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        try
        {
            FileStreamOptions options = new()
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            using (FileStream file = new(temporary, options))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
            DurableFile.SyncFolder(Path.GetDirectoryName(path)!);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }
}
