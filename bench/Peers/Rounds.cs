using WgNet.Udp;

namespace WgNet.Peers;

/// <summary>One round of one program after the other: configured, greeted by everybody while one peer talks, greeted again for speed, left alone.</summary>
internal sealed class Rounds(Options options, Crowd crowd, Figures figures)
{
    // Well below where either program thinks itself under load, and well above.
    private const int Moderate = 64, Heavy = 512;
    private const int KeepaliveSeconds = 25;

    public void Run()
    {
        for (int round = 1; round <= options.Rounds; round++)
        {
            foreach (string program in options.Programs)
            {
                Console.Error.WriteLine($"round {round}/{options.Rounds}  {program}");
                Take(program, isLast: round == options.Rounds);
            }
        }
    }

    private void Take(string program, bool isLast)
    {
        string name = Path.GetFileName(program);
        using var gateway = new Gateway(program);
        crowd.Direct(gateway.Address);
        Configure(gateway, program, name);
        gateway.Up();
        using UdpSockets sockets = gateway.OpenSockets();
        Greet(gateway, sockets, name);
        MeasureSpeed(gateway, sockets, name);
        if (program == options.Programs[0] && options.Addresses > 0)
        {
            Teach(gateway, program, sockets);
        }

        if (isLast && options.IdleSeconds > 0)
        {
            LeaveAlone(gateway, name);
        }
    }

    private void Configure(Gateway gateway, string program, string name)
    {
        ProcessMemory before = gateway.Memory;
        figures.Add(name, "wg setconf, s", gateway.Configure("wg", "setconf", crowd.Configuration()));
        ProcessMemory after = gateway.Memory;
        figures.Add(name, "memory a configured peer, private, kB", (after.Private - before.Private) / 1e3 / options.Peers);
        figures.Add(name, "memory with all peers configured, resident, MB", after.Resident / 1e6);
        if (program == options.Programs[0])
        {
            figures.Add(name, "its own setconf, the same again, s", gateway.Configure(program, "setconf", crowd.Configuration()));
        }
    }

    // As after a restart: everybody comes at once, and the one who is there already must not notice.
    private void Greet(Gateway gateway, UdpSockets sockets, string name)
    {
        using UdpSockets talkersOwn = gateway.OpenSockets();
        Check(new HandshakeRun(talkersOwn, [crowd.Talker]).Run(inFlight: 1), peers: 1);
        using var conversation = new Conversation(talkersOwn, crowd.Talker, gateway.Host, gateway.Inside);
        RunResult result = Check(new HandshakeRun(sockets, crowd.Peers).Run(Moderate), options.Peers);
        int lost = conversation.CountLost();
        figures.Add(name, "first handshake of all peers, s", result.Seconds);
        figures.Add(name, "packets of an established peer meanwhile", conversation.Sent);
        figures.Add(name, "of which lost", lost);
        figures.Add(name, "memory with all sessions, resident, MB", gateway.Memory.Resident / 1e6);
        figures.Add(name, "memory with all sessions, private, MB", gateway.Memory.Private / 1e6);
    }

    private void MeasureSpeed(Gateway gateway, UdpSockets sockets, string name)
    {
        IReadOnlyDictionary<string, long> before = gateway.ThreadTimes();
        RunResult result = Check(new HandshakeRun(sockets, crowd.Peers).Run(Moderate), options.Peers);
        figures.Add(name, "handshakes answered a second", result.Answered / result.Seconds);
        figures.Add(name, "processor time a handshake, µs", gateway.CpuSince(before) / result.Answered * 1e6);
        figures.Add(name, "initiations sent again", result.Repeated);

        result = Check(new HandshakeRun(sockets, crowd.Peers).Run(Heavy), options.Peers);
        figures.Add(name, "the same under load, with cookies", result.Answered / result.Seconds);
        figures.Add(name, "cookies sent", result.Cookies);
    }

    // As in the morning: everybody comes with new addresses at once.
    private void Teach(Gateway gateway, string program, UdpSockets sockets)
    {
        string name = Path.GetFileName(program);
        gateway.Configure(program, "addconf", crowd.Learnable(LearningRun.Prefix));
        LearningResult result = new LearningRun(sockets, crowd.Peers, options.Addresses, gateway.InsideIPv6).Run();
        figures.Add(name, "new addresses in one burst", options.Peers * options.Addresses);
        figures.Add(name, "of which learned", gateway.Learned);
        figures.Add(name, "of which answered at the first packet", result.AnsweredAtOnce);
        figures.Add(name, "of which answered, some sent again", result.Answered);
        figures.Add(name, "answers to a peer of another address", result.Misdirected);
        figures.Add(name, "seconds until all were answered", result.Seconds);
    }

    private void LeaveAlone(Gateway gateway, string name)
    {
        Thread.Sleep(2000);
        figures.Add(name, "idle, processor time, ms/s", CpuWhileIdle(gateway));
        gateway.Configure("wg", "addconf", crowd.Keepalives(KeepaliveSeconds));
        Thread.Sleep(2000);
        figures.Add(name, "idle, every peer kept alive, processor time, ms/s", CpuWhileIdle(gateway));
    }

    private double CpuWhileIdle(Gateway gateway)
    {
        IReadOnlyDictionary<string, long> before = gateway.ThreadTimes();
        Thread.Sleep(TimeSpan.FromSeconds(options.IdleSeconds));
        return gateway.CpuSince(before) / options.IdleSeconds * 1e3;
    }

    private static RunResult Check(RunResult result, int peers) => result.Answered == peers
        ? result
        : throw new InvalidOperationException($"{result.Answered} of {peers} handshakes in {result.Seconds:0.0} s");
}
