using System.Collections;
using QRCoder;

namespace WgNet.Cli.Init;

/// <summary>A QR code in a terminal's characters, two modules each, so that a telephone can read it from the screen.</summary>
internal static class QrCode
{
    private const string WhiteOnBlack = "\e[97;40m", Plain = "\e[0m";

    /// <param name="isColoured">Whether to say what is light and what is dark; otherwise light is taken to be the text's colour.</param>
    public static void Write(ReadOnlySpan<byte> content, TextWriter output, bool isColoured)
    {
        byte[] bytes = content.ToArray();
        try
        {
            using var generator = new QRCodeGenerator();
            using QRCodeData code = QRCodeGenerator.GenerateQrCode(bytes, QRCodeGenerator.ECCLevel.L);
            List<BitArray> rows = code.ModuleMatrix;
            for (int y = 0; y < rows.Count; y += 2)
            {
                string line = string.Create(rows.Count, (rows, y), static (characters, at) =>
                {
                    for (int x = 0; x < characters.Length; x++)
                    {
                        bool upper = !at.rows[at.y][x];
                        bool lower = at.y + 1 < at.rows.Count && !at.rows[at.y + 1][x];
                        characters[x] = (upper, lower) switch { (true, true) => '█', (true, false) => '▀', (false, true) => '▄', _ => ' ' };
                    }
                });
                output.WriteLine(isColoured ? WhiteOnBlack + line + Plain : line);
            }
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(bytes);
        }
    }
}
