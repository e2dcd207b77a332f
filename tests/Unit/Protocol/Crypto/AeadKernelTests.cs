using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol.Crypto;

public sealed class AeadKernelTests
{
    public const string ExpectedKernel = "WGNET_TEST_EXPECTED_KERNEL";

    [Fact]
    public void Kernel_Here_IsTheWidestThatIsSupported()
    {
        string expected = Environment.GetEnvironmentVariable(ExpectedKernel) ?? Widest(AeadKernel.Avx512).ToString();
        Assert.Equal(expected, Aead.Kernel.ToString());
    }

    public static AeadKernel Widest(AeadKernel most) => Enum.GetValues<AeadKernel>().Where(kernel => kernel <= most && Aead.IsSupported(kernel)).Max();
}

public sealed class AeadSwitchTests
{
    [Theory]
    [InlineData("DOTNET_EnableAVX512", AeadKernel.Avx2)]
    [InlineData("DOTNET_EnableAVX2", AeadKernel.Vector128)]
    [InlineData("DOTNET_EnableHWIntrinsic", AeadKernel.Scalar)]
    public void RuntimeSwitch_Off_ChoosesTheNextKernelAndPassesAllVectors(string name, AeadKernel most)
    {
        (bool passed, string output) = AeadProcess.Run(
            [typeof(AeadKernelTests), typeof(AeadTests), typeof(AeadBatchTests)],
            (name, "0"),
            (AeadKernelTests.ExpectedKernel, AeadKernelTests.Widest(most).ToString()));
        Assert.True(passed, output);
    }
}
