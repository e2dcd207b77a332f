using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Routing;

public sealed unsafe partial class InetTextTests
{
    private const int AF_INET6 = 10;

    [Theory]
    [InlineData("::", "::")]
    [InlineData("::1", "::1")]
    [InlineData("1::", "1::")]
    [InlineData("2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1")]
    [InlineData("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1")]
    [InlineData("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1")]
    [InlineData("::ffff:1.2.3.4", "::ffff:1.2.3.4")]
    [InlineData("::1.2.3.4", "::1.2.3.4")]
    [InlineData("2001:db8::5efe:102:304", "2001:db8::5efe:102:304")]
    [InlineData("192.0.2.1", "192.0.2.1")]
    public void Of_Address_IsAsInetNtopWritesIt(string address, string expected) => Assert.Equal(expected, InetText.Of(IPAddress.Parse(address)));

    /// <summary>Every pattern of zero and other words, with the values that some writers treat apart.</summary>
    [Fact]
    public void Of_EveryPatternOfWords_IsAsTheCLibraryWritesIt()
    {
        ushort[] others = [1, 0xffff, 0x5efe, 0xab];
        byte[] bytes = new byte[16];
        foreach (ushort other in others)
        {
            for (int pattern = 0; pattern < 256; pattern++)
            {
                for (int i = 0; i < 8; i++)
                {
                    ushort word = (pattern & (1 << i)) != 0 ? other : (ushort)0;
                    (bytes[2 * i], bytes[(2 * i) + 1]) = ((byte)(word >> 8), (byte)word);
                }

                Assert.Equal(CLibrary(bytes), InetText.Of(new IPAddress(bytes)));
            }
        }
    }

    private static string CLibrary(byte[] address)
    {
        byte* text = stackalloc byte[64];
        fixed (byte* source = address)
        {
            _ = inet_ntop(AF_INET6, source, text, 64);
        }

        return Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
    }

    [LibraryImport("libc")]
    private static partial byte* inet_ntop(int family, byte* source, byte* text, uint size);
}
