using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace WgNet.Learning;

/// <summary>Memory that is going to be read.</summary>
internal static unsafe class CacheLine
{
    /// <summary>
    /// Has the line in which the place lies fetched into the nearest cache, without waiting for it. Nothing where .NET knows no
    /// such instruction, as on Arm.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(ref readonly ulong place)
    {
        if (Sse.IsSupported)
        {
            // The address alone, which nothing follows: were the collector to move the place, another line would be fetched.
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.AsRef(in place)));
        }
    }
}
