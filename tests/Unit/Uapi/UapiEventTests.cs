using System.Net;
using System.Net.Sockets;
using WgNet.Device.Events;
using WgNet.Uapi;
using WgNet.Udp;
using WgNet.Unit.Cli;
using WgNet.Unit.Device.Events;
using Xunit;

namespace WgNet.Unit.Uapi;

/// <summary><c>subscribe=1</c>, from both ends.</summary>
public sealed class UapiEventTests
{
    private const string Subscribe = "subscribe=1\n\n";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public void Subscriber_FromThatMomentOn_GetsEachEventAsABlock()
    {
        using var server = new ServerFixture();
        server.Device.Events.PeerAdded(SamplePeer.New(1));
        using Socket client = server.Connect();
        ServerFixture.Send(client, "get=1\n\n" + Subscribe);
        Assert.Equal("errno=0\n\n", ServerFixture.ReadAnswer(client));
        Assert.Equal("errno=0\n\n", ServerFixture.ReadAnswer(client));
        Assert.Matches(@"^event=subscribed\ntime=\d{10}\.\d{9}\nversion=1\n\n$", ServerFixture.ReadAnswer(client));

        server.Device.Events.Began(SamplePeer.New(0xab), StockWgTests.Prefix("2001:db8::5").Address, isRestored: false);
        string key = string.Concat(Enumerable.Repeat("ab", 32));
        Assert.Matches($@"^event=learned\ntime=\d{{10}}\.\d{{9}}\npublic_key={key}\naddress=2001:db8::5\nreason=packet\n\n$", ServerFixture.ReadAnswer(client));
        server.Device.Events.PeerRemoved(SamplePeer.New(0xab));
        Assert.Matches($@"^event=peer_removed\ntime=\d{{10}}\.\d{{9}}\npublic_key={key}\n\n$", ServerFixture.ReadAnswer(client));
    }

    [Fact]
    public void Subscriber_ThatClosesItsEndOrSaysMore_IsForgotten()
    {
        using var server = new ServerFixture();
        Assert.StartsWith("errno=0\n\nevent=subscribed\n", server.Exchange(Subscribe), StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(() => !server.Device.Events.HasSubscribers, Soon));

        using (Socket closing = server.Connect())
        {
            ServerFixture.Send(closing, Subscribe);
            _ = ServerFixture.ReadAnswer(closing);
            Assert.True(server.Device.Events.HasSubscribers);
        }

        Assert.True(SpinWait.SpinUntil(() => !server.Device.Events.HasSubscribers, Soon));
        using Socket talking = server.Connect();
        ServerFixture.Send(talking, Subscribe + "get=1\n\n");
        Assert.DoesNotContain("errno", ServerFixture.ReadToEnd(talking)["errno=0".Length..], StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(() => !server.Device.Events.HasSubscribers, Soon));
    }

    [Theory]
    [InlineData("subscribe=1\nx\n", "errno=-22\n\n")]
    [InlineData("subscribe=1\n", "")]
    [InlineData("subscribe=0\n\n", "")]
    public void Subscribe_Malformed_IsRefused(string text, string answer)
    {
        using var server = new ServerFixture();
        Assert.Equal(answer, server.Exchange(text));
        Assert.False(server.Device.Events.HasSubscribers);
    }

    [Fact]
    public async Task Subscribers_MoreThan64_AreRefusedAsBusy()
    {
        using var server = new ServerFixture();
        List<EventSubscription> all = [.. Enumerable.Range(0, 64).Select(_ => server.Device.Subscribe()!)];
        Assert.Equal("errno=-16\n\n", server.Exchange(Subscribe));
        UapiException refused = await Assert.ThrowsAsync<UapiException>(
            () => UapiEventReader.SubscribeAsync(server.Name, TestContext.Current.CancellationToken).AsTask());
        Assert.Contains("too many subscribers", refused.Message, StringComparison.Ordinal);
        all[0].Dispose();
        Assert.StartsWith("errno=0\n", server.Exchange(Subscribe), StringComparison.Ordinal);
    }

    /// <summary>Its socket and its queue fill; others go on, and when it reads again it hears how many it lost, and then what comes.</summary>
    [Fact]
    public async Task Subscriber_ThatDoesNotRead_LosesEventsIsToldHowManyAndHoldsUpNobody()
    {
        const int Count = 100_000;
        using var server = new ServerFixture();
        using Socket idle = server.Connect();
        ServerFixture.Send(idle, Subscribe);
        _ = ServerFixture.ReadAnswer(idle);
        using UapiEventReader other = await UapiEventReader.SubscribeAsync(server.Name, TestContext.Current.CancellationToken);
        var peer = SamplePeer.New(7);
        for (int i = 0; i < Count; i++)
        {
            server.Device.Events.PeerAdded(peer);
        }

        Assert.Equal("errno=0\n\n", server.Exchange("get=1\n\n"));
        for (long counted = 0; counted < Count;)
        {
            DeviceEvent? next = await other.ReadAsync(TestContext.Current.CancellationToken);
            counted += next!.Number ?? 1;
            Assert.InRange(counted, 1, Count);
        }

        long lost = 0;
        for (long counted = 0; counted < Count;)
        {
            string block = ServerFixture.ReadAnswer(idle);
            long before = block.StartsWith("event=lost\n", StringComparison.Ordinal)
                ? long.Parse(block.Split("count=")[1].AsSpan().Trim(), System.Globalization.CultureInfo.InvariantCulture)
                : 0;
            lost += before;
            counted += before > 0 ? before : block.StartsWith("event=peer_added\n", StringComparison.Ordinal) ? 1 : 0;
            Assert.InRange(counted, 0, Count);
        }

        Assert.True(lost > 0);
        server.Device.Events.PeerRemoved(peer);
        Assert.StartsWith("event=peer_removed\n", ServerFixture.ReadAnswer(idle), StringComparison.Ordinal);
        Assert.Equal(DeviceEventKind.PeerRemoved, (await other.ReadAsync(TestContext.Current.CancellationToken))?.Kind);
    }

    [Fact]
    public async Task Event_WithEveryKey_IsReadAsItWasWritten()
    {
        Assert.True(Endpoint.TryParse("[2001:db8::9]:51820", out Endpoint? endpoint));
        using var server = new ServerFixture();
        using UapiEventReader reader = await UapiEventReader.SubscribeAsync(server.Name, TestContext.Current.CancellationToken);
        foreach (DeviceEventKind kind in Enum.GetValues<DeviceEventKind>().Where(kind => kind != DeviceEventKind.Count))
        {
            var written = new DeviceEvent(kind)
            {
                WallTime = 1_700_000_000_000_000_012,
                Peer = SampleDevices.Key(1),
                Address = IPAddress.Parse("2001:db8::5"),
                Owner = SampleDevices.Key(0xfe),
                Endpoint = endpoint,
                Reason = "learn_rate_limited",
                Number = long.MaxValue,
            };
            server.Device.Events.Tell(written);
            Assert.Equal(written, await reader.ReadAsync(TestContext.Current.CancellationToken));
            var bare = new DeviceEvent(kind) { WallTime = 999_999_999 };
            server.Device.Events.Tell(bare);
            Assert.Equal(bare, await reader.ReadAsync(TestContext.Current.CancellationToken));
        }

        server.Dispose();
        Assert.Null(await reader.ReadAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Names_OfAllKinds_AreTheirOwn()
    {
        string[] names = [.. Enumerable.Range(0, (int)DeviceEventKind.Count).Select(kind => UapiEvent.NameOf((DeviceEventKind)kind))];
        Assert.Equal(
            Enum.GetNames<DeviceEventKind>().Where(name => name != nameof(DeviceEventKind.Count)),
            names.Select(name => string.Concat(name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]))));
    }

    [Theory]
    [InlineData("errno=0\n\nevent=learned\ntime=1.000000001\naddress=nonsense\n\n")]
    [InlineData("errno=0\n\nevent=learned\ntime=1\n\n")]
    [InlineData("errno=0\n\nevent=learned\ntime=99999999999999999999.000000000\n\n")]
    [InlineData("errno=0\n\nevent=lost\ncount=-1\n\n")]
    [InlineData("errno=0\n\nevent=lost\nreason=\e[31m\n\n")]
    [InlineData("errno=0\n\nevent=lost\npublic_key=00\n\n")]
    [InlineData("errno=0\n\nevent=lost\nendpoint=x\n\n")]
    [InlineData("errno=0\n\nLONG")]
    [InlineData("errno=0\n\nMANY")]
    [InlineData("errno=-22\n\n")]
    [InlineData("")]
    public async Task Reader_OfSomethingElse_SaysThatItMakesNoSense(string text)
    {
        text = text.Replace("LONG", new string('x', 10_000), StringComparison.Ordinal)
            .Replace("MANY", string.Concat(Enumerable.Repeat("a=b\n", 1000)), StringComparison.Ordinal);
        UapiException error = await Assert.ThrowsAsync<UapiException>(() => ReadAllAsync(text));
        Assert.DoesNotContain('\e', error.Message);
    }

    [Fact]
    public async Task Reader_OfANewerFormat_PassesOverWhatItDoesNotKnow()
    {
        List<DeviceEvent> read = await ReadAllAsync("errno=0\n\nevent=of_tomorrow\ntime=1.000000000\n\nshape=round\n\nevent=lost\ntime=2.000000003\ncount=4\nshape=round\nwhat\n\n");
        DeviceEvent lost = Assert.Single(read);
        Assert.Equal((DeviceEventKind.Lost, 2_000_000_003L, 4L), (lost.Kind, lost.WallTime, lost.Number!.Value));
    }

    // What a device reads that says the text and nothing more.
    private static async Task<List<DeviceEvent>> ReadAllAsync(string text)
    {
        string name = $"wgt{Environment.ProcessId % 1_000_000}e{Interlocked.Increment(ref _names)}";
        using Socket listener = UapiListener.Open(name);
        try
        {
            Task<Socket> accepting = listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask();
            Task speaking = accepting.ContinueWith(
                accepted =>
                {
                    using Socket client = accepted.Result;
                    _ = client.Receive(new byte[64]);
                    ServerFixture.Send(client, text);
                },
                TestContext.Current.CancellationToken);
            using UapiEventReader reader = await UapiEventReader.SubscribeAsync(name, TestContext.Current.CancellationToken);
            List<DeviceEvent> read = [];
            while (await reader.ReadAsync(TestContext.Current.CancellationToken) is { } next)
            {
                read.Add(next);
            }

            await speaking;
            return read;
        }
        finally
        {
            File.Delete(UapiListener.SocketPath(name));
        }
    }

    private static int _names;
}
