using System.Text;
using WgNet.Device;
using WgNet.Uapi;
using WgNet.Udp;
using WgNet.Unit.Fakes;
using WgNet.Unit.Uapi;
using Xunit;

namespace WgNet.Unit.Mutation;

/// <summary>Mutated requests, answers and files: accepted or refused with a reason, never anything else.</summary>
public sealed class TextMutationTests
{
    private const string Answer = $"""
        private_key={Hex}
        listen_port=51820
        fwmark=1
        state_file=off
        state_file_failures=3
        public_key={Hex}
        preshared_key={Hex}
        endpoint=[2001:db8::1%2]:51820
        endpoint_host=gateway.example:51820
        preshared_key_file=/etc/wireguard/wg0.psk
        last_handshake_time_sec=1700000000
        last_handshake_time_nsec=5
        rx_bytes=1
        tx_bytes=2
        persistent_keepalive_interval=25
        allowed_ip=10.0.0.0/8
        learnable_ip=2001:db8::/64
        learn_limit=16
        learn_timeout_sec=3600
        learned_ip=2001:db8::2/128
        learned_age_sec=3
        learned_first_seen_sec=9
        learned_packets=7
        learned_pinned=true
        drop_bad_tag=4
        protocol_version=1
        errno=0


        """;

    private const string Event = $"""
        event=conflict
        time=1700000000.123456789
        public_key={Hex}
        address=2001:db8::5
        owner={Hex}
        endpoint=[2001:db8::1%2]:51820
        reason=learn_rate_limited
        count=12
        """;

    private const string Hex = "e84b5a6d2717c1003a13b431570353dbaca9146cf150c5f8575680feba52027a";

    private static readonly byte[] File = Encoding.ASCII.GetBytes(ConfigurationFileTests.Whole);

    private static readonly byte[] Request = Encoding.ASCII.GetBytes(
        ConfigurationFileTests.Write(ConfigurationFile.Parse(ConfigurationFileTests.Whole, "x", ConfigurationMode.Replace).Update)["set=1\n".Length..]);

    private int _accepted;
    private int _refused;

    [Fact]
    public void Set_MutatedRequests_AreAcceptedOrRefused()
    {
        MutationRun.Each(300_000, mutator =>
        {
            UapiSetParser parser = UapiSetParser.Parse(mutator.Text(Request));
            Count(parser.Error?.Reason);
        });

        AssertBothHappened();
    }

    [Fact]
    public void Set_AcceptedRequests_MeanTheSameWhenWrittenAgain()
    {
        MutationRun.Each(50_000, mutator =>
        {
            UapiSetParser parser = UapiSetParser.Parse(mutator.Text(Request));
            if (parser.Error is null)
            {
                string written = ConfigurationFileTests.Write(parser.Update);
                UapiSetParser again = UapiSetParser.Parse(Encoding.ASCII.GetBytes(written["set=1\n".Length..]));
                Assert.Null(again.Error);
                Assert.Equal(written, ConfigurationFileTests.Write(again.Update));
            }
        });
    }

    [Fact]
    public void Parse_MutatedFiles_AreAcceptedOrRefused()
    {
        MutationRun.Each(100_000, mutator =>
        {
            try
            {
                _ = ConfigurationFile.Parse(Encoding.Latin1.GetString(mutator.Text(File)), "x", ConfigurationMode.Replace);
                Count(refusal: null);
            }
            catch (ConfigurationFileException e)
            {
                Count(e.Message);
            }
        });

        AssertBothHappened();
    }

    [Fact]
    public void Get_MutatedAnswers_AreReadOrRefused()
    {
        byte[] answer = Encoding.ASCII.GetBytes(Answer);
        MutationRun.Each(100_000, mutator =>
        {
            try
            {
                _ = UapiGetReader.Read(mutator.Text(answer));
                Count(refusal: null);
            }
            catch (UapiException e)
            {
                Count(e.Message);
            }
        });

        AssertBothHappened();
    }

    [Fact]
    public void Event_MutatedBlocks_AreReadOrRefused()
    {
        byte[] block = Encoding.ASCII.GetBytes(Event);
        MutationRun.Each(100_000, mutator =>
        {
            try
            {
                _ = UapiEvent.Read(Encoding.Latin1.GetString(mutator.Text(block)).Split('\n'));
                Count(refusal: null);
            }
            catch (FormatException e)
            {
                Count(e.Message);
            }
        });

        AssertBothHappened();
    }

    [Fact]
    public void Apply_AcceptedRequests_NeverBreakTheDevice()
    {
        var options = new DeviceOptions
        {
            OpenSockets = (port, mark) => UdpSockets.Open(port, mark),
            ServeMetrics = (_, _) => Stream.Null,
        };
        using var device = new WireGuardDevice(options, new MemoryTun(), new SodiumPrimitives(), Log.None);
        MutationRun.Each(20_000, mutator =>
        {
            UapiSetParser parser = UapiSetParser.Parse(mutator.Text(Request));
            string? refusal = parser.Error?.Reason;
            if (parser.Error is null)
            {
                try
                {
                    device.Apply(parser.Update);
                }
                catch (ConfigurationException e)
                {
                    refusal = e.Message;
                }

                Assert.InRange(device.Snapshot().Peers.Count, 0, 3);
            }

            Count(refusal);
        });

        AssertBothHappened();
    }

    private void Count(string? refusal)
    {
        Assert.NotEqual("", refusal);
        _ = refusal is null ? _accepted++ : _refused++;
    }

    private void AssertBothHappened() =>
        Assert.True(_accepted > 100 && _refused > 100, $"{_accepted} accepted, {_refused} refused");
}
