namespace WgNet.Protocol;

/// <summary>The implementations of <see cref="Aead"/>, from the narrowest to the widest.</summary>
public enum AeadKernel
{
    /// <summary>64-bit integers: the reference that the others are tested against.</summary>
    Scalar,

    /// <summary>128-bit vectors of any processor: Arm64's AdvSimd, x86-64 without AVX2.</summary>
    Vector128,

    /// <summary>256-bit vectors of x86-64.</summary>
    Avx2,

    /// <summary>512-bit vectors of x86-64, and 256-bit ones with AVX-512's rotates.</summary>
    Avx512,
}
