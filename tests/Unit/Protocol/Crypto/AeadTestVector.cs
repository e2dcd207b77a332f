using System.Text.Json;
using WgNet.Unit.Vectors;

namespace WgNet.Unit.Protocol.Crypto;

/// <summary>A Wycheproof test of ChaCha20-Poly1305 or XChaCha20-Poly1305.</summary>
internal sealed record AeadTestVector(byte[] Key, byte[] Nonce, byte[] AssociatedData, byte[] Plaintext, byte[] Sealed, bool IsValid)
{
    public static IEnumerable<AeadTestVector> All(string file) => VectorFile.WycheproofTests(file).Select(From);

    private static AeadTestVector From(JsonElement test) => new(
        test.Hex("key"), test.Hex("iv"), test.Hex("aad"), test.Hex("msg"), [.. test.Hex("ct"), .. test.Hex("tag")],
        string.Equals(test.GetProperty("result").GetString(), "valid", StringComparison.Ordinal));
}
