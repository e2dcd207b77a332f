using System.Text.RegularExpressions;
using Xunit;

namespace WgNet.Unit.Protocol.Crypto;

/// <summary>
/// Constant time, as far as a test can tell: the compiler's own listing of every kernel has no more conditional jumps than
/// the loops, lengths and bounds that the source shows and the guard of the stack. A carry or a selection that became a jump would be one more.
/// That no address depends on a secret is not tested: no kernel has a table.
/// </summary>
public sealed partial class AeadBranchTests
{
    private static readonly Dictionary<string, int> MostJumps = new(StringComparer.Ordinal)
    {
        ["AeadVector128:Tag"] = 6,
        ["ChaCha20Avx2:Run"] = 5,
        ["ChaCha20Avx2Rows:Generate"] = 1,
        ["ChaCha20Vector128:Generate"] = 1,
        ["Poly1305Avx2:Absorb"] = 4,
        ["Poly1305Avx2:Finish"] = 3,
        ["Poly1305Avx2Lanes:Absorb"] = 5,
        ["Poly1305Avx2Lanes:Finish"] = 3,
        ["Poly1305Limbs:Store"] = 1,
        ["Poly1305Limbs:Sum"] = 0,
        ["Poly1305Scalar:UpdatePadded"] = 5,
        ["Poly1305Scalar:UpdateBlock"] = 0,
        ["Poly1305Scalar:Reduce"] = 2,
        ["Poly1305Words:Absorb"] = 2,
    };

    private static readonly Dictionary<string, int> MostJumpsAvx512 = new(StringComparer.Ordinal)
    {
        ["ChaCha20Vector512:Generate"] = 1,
        ["ChaCha20Vector256:Generate"] = 1,
        ["AeadAvx512:SealShort"] = 7,
        ["AeadAvx512:XorRest"] = 9,
        ["AeadAvx512:TryOpenShort"] = 8,
        ["Poly1305Lanes512:Tag"] = 10,
        ["Poly1305Scalar:ReduceLimbs"] = 0,
        ["Poly1305Vector256:Tag"] = 4,
    };

    [Theory]
    [InlineData("1")]
    [InlineData("0")]
    public void Kernels_Compiled_JumpOnLengthsAlone(string avx512)
    {
        string file = Path.GetTempFileName();
        try
        {
            (bool passed, string output) = AeadProcess.Run(
                [typeof(AeadTests), typeof(AeadBatchTests)],
                ("DOTNET_EnableAVX512", avx512),
                ("DOTNET_JitDisasm", string.Join(' ', MostJumps.Keys.Concat(MostJumpsAvx512.Keys).Select(method => "WgNet.Protocol." + method))),
                // Listings of two threads would mix: nothing is compiled anew in the background. The kernels are not concerned.
                ("DOTNET_TC_CallCounting", "0"),
                ("DOTNET_JitStdOutFile", file));
            Assert.True(passed, output);

            List<string> tooMany = [];
            HashSet<string> seen = new(StringComparer.Ordinal);
            foreach (Match listing in Listing().Matches(File.ReadAllText(file)))
            {
                string method = $"{listing.Groups["type"].Value}:{listing.Groups["name"].Value}";
                if (MostJumps.TryGetValue(method, out int most) || MostJumpsAvx512.TryGetValue(method, out most))
                {
                    int jumps = ConditionalJump().Count(listing.Value);
                    seen.Add(method);
                    if (jumps > most)
                    {
                        tooMany.Add($"{method} has {jumps} conditional jumps, not {most}");
                    }
                }
            }

            Assert.Empty(tooMany);
            Assert.Contains("Poly1305Scalar:UpdateBlock", seen);
            IEnumerable<string> all = WgNet.Protocol.Aead.Kernel switch
            {
                WgNet.Protocol.AeadKernel.Avx512 when avx512 == "1" => MostJumps.Keys.Concat(MostJumpsAvx512.Keys),
                >= WgNet.Protocol.AeadKernel.Avx2 => MostJumps.Keys,
                _ => [],
            };
            Assert.Empty(all.Except(seen));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [GeneratedRegex(@"; Assembly listing for method WgNet\.Protocol\.(?<type>\w+):(?<name>\w+).*?(?=; Assembly listing|\z)", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Listing();

    // x86-64: every j.. but jmp. Arm64: b.cond, cbz, cbnz, tbz, tbnz.
    [GeneratedRegex(@"^\s+(j(?!mp)[a-z]+|b\.[a-z]+|[ct]bn?z)\s", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex ConditionalJump();
}
