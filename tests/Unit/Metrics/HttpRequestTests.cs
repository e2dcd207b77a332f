using System.Text;
using WgNet.Metrics;
using Xunit;

namespace WgNet.Unit.Metrics;

public sealed class HttpRequestTests
{
    private const string Host = "Host: x\r\n";

    [Theory]
    [InlineData("GET /metrics HTTP/1.1\r\n" + Host, 200)]
    [InlineData("GET /metrics HTTP/1.0\r\n", 200)]
    [InlineData("GET /metrics?name[]=up HTTP/1.1\r\n" + Host, 200)]
    [InlineData("GET http://gateway:9586/metrics HTTP/1.1\r\n" + Host, 200)]
    [InlineData("HEAD /metrics HTTP/1.1\r\nhOsT:x\r\n", 200)]
    [InlineData("GET / HTTP/1.1\r\n" + Host, 404)]
    [InlineData("GET /metrics/ HTTP/1.1\r\n" + Host, 404)]
    [InlineData("GET http://gateway HTTP/1.1\r\n" + Host, 404)]
    [InlineData("POST /metrics HTTP/1.1\r\n" + Host, 405)]
    [InlineData("get /metrics HTTP/1.1\r\n" + Host, 405)]
    [InlineData("GET /metrics HTTP/1.1\r\n", 400)]
    [InlineData("GET /metrics HTTP/1.1\r\n" + Host + Host, 400)]
    [InlineData("GET /metrics HTTP/2.0\r\n" + Host, 400)]
    [InlineData("GET /metrics\r\n" + Host, 400)]
    [InlineData("GET  /metrics HTTP/1.1\r\n" + Host, 400)]
    [InlineData("GET metrics HTTP/1.1\r\n" + Host, 400)]
    [InlineData("GET /metrics HTTP/1.1\r\n" + Host + "nonsense\r\n", 400)]
    [InlineData("GET /metrics HTTP/1.1\r\n" + Host + "A: b\r\n folded\r\n", 400)]
    [InlineData("GET /metrics HTTP/1.1\r\n" + Host + "A: b\nc\r\n", 400)]
    [InlineData("GET /met\0rics HTTP/1.1\r\n" + Host, 400)]
    [InlineData("", 400)]
    public void Parse_Request_HasItsStatus(string head, int status) => Assert.Equal(status, Parse(head).Status);

    [Fact]
    public void Parse_RandomBytes_NeverThrows()
    {
        var random = new Random(1);
        byte[] bytes = new byte[HttpRequest.MaxSize];
        for (int i = 0; i < 2000; i++)
        {
            random.NextBytes(bytes);
            "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: "u8[..random.Next(40)].CopyTo(bytes);
            Assert.Contains(HttpRequest.Parse(bytes.AsSpan(0, random.Next(bytes.Length))).Status, (int[])[200, 400, 404, 405]);
        }
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("*/*", false)]
    [InlineData("text/plain", false)]
    [InlineData("application/openmetrics-text", true)]
    [InlineData("application/openmetrics-text; version=1.0.0; charset=utf-8", true)]
    [InlineData("Application/OpenMetrics-Text;Version=\"1.0.0\"", true)]
    [InlineData("application/openmetrics-text;version=0.0.1", false)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0", false)]
    [InlineData("application/openmetrics-text;q=0.4,text/plain;q=0.5", false)]
    [InlineData("application/openmetrics-text;q=zero", false)]
    [InlineData("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true)]
    [InlineData("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.2", true)]
    [InlineData(";;;q=,,;=", false)]
    public void Format_OfAcceptHeader_IsTheOneLikedBest(string accept, bool openMetrics) => Assert.Equal(
        openMetrics ? MetricsFormat.OpenMetrics : MetricsFormat.Plain,
        Parse($"GET /metrics HTTP/1.1\r\n{Host}Accept: {accept}\r\n").Format);

    private static HttpRequest Parse(string head) => HttpRequest.Parse(Encoding.Latin1.GetBytes(head + "\r\n"));
}
