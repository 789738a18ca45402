using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Tests;

/// <summary>A way to a server on loopback that can be cut: by refusing and resetting connections, or by silence. Thread-safe.</summary>
public sealed class TcpCut : IAsyncDisposable
{
    private readonly Lock _changing = new();
    private readonly HashSet<Link> _links = [];
    private readonly List<Task> _tasks = [];
    private readonly IPEndPoint _server;
    private readonly int _port = LoopbackPort.Free();
    private TcpListener? _listener;
    private bool _isSilent;

    /// <param name="serverPort">Loopback port of the server.</param>
    public TcpCut(int serverPort)
    {
        _server = new IPEndPoint(IPAddress.Loopback, serverPort);
        Recover();
    }

    /// <summary>Address of the way.</summary>
    public string Endpoint => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}");

    /// <summary>How many connections were made so far.</summary>
    public int Connections { get; private set; }

    /// <summary>Resets every connection; new ones are made.</summary>
    public void Reset()
    {
        lock (_changing)
        {
            foreach (var link in _links)
            {
                link.Reset();
            }

            _links.Clear();
        }
    }

    /// <summary>Resets every connection and refuses new ones.</summary>
    public void Refuse()
    {
        lock (_changing)
        {
            _listener?.Stop();
            _listener = null;
            Reset();
        }
    }

    /// <summary>
    /// Connections stay and new ones are made, and nothing comes through any more, as when packets are lost. Those connections never speak again: what forgets a
    /// connection on the way does not remember it later.
    /// </summary>
    public void GoSilent()
    {
        lock (_changing)
        {
            _isSilent = true;
            foreach (var link in _links)
            {
                link.Silence();
            }
        }
    }

    /// <summary>What the server says on the present connections is lost from now on; what is said to it still arrives.</summary>
    public void LoseAnswers()
    {
        lock (_changing)
        {
            foreach (var link in _links)
            {
                link.LoseAnswers();
            }
        }
    }

    /// <summary>New connections are made and speak.</summary>
    public void Recover()
    {
        lock (_changing)
        {
            _isSilent = false;
            if (_listener is null)
            {
                _listener = new TcpListener(IPAddress.Loopback, _port);
                _listener.Start();
                _tasks.Add(AcceptAsync(_listener));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Refuse();
        Task[] tasks;
        lock (_changing)
        {
            tasks = [.. _tasks];
        }

        await Task.WhenAll(tasks);
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptSocketAsync();
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return;
            }

            Take(client, listener);
        }
    }

    private void Take(Socket client, TcpListener listener)
    {
        var link = new Link(client, new Socket(SocketType.Stream, ProtocolType.Tcp), _server);
        lock (_changing)
        {
            if (listener != _listener)
            {
                // It came in just before the way was cut.
                link.Reset();
                return;
            }

            Connections++;
            _links.Add(link);
            if (_isSilent)
            {
                link.Silence();
            }

            _tasks.Add(link.RunAsync());
        }
    }

    private sealed class Link(Socket client, Socket upstream, IPEndPoint server)
    {
        private volatile bool _isSilent;
        private volatile bool _losesAnswers;

        public void LoseAnswers() => _losesAnswers = true;

        public void Silence() => _isSilent = true;

        public void Reset()
        {
            // Closing without waiting sends a reset.
            client.Close(0);
            upstream.Close(0);
        }

        public async Task RunAsync()
        {
            if (await ConnectAsync())
            {
                await Task.WhenAny(ForwardAsync(client, upstream), ForwardAsync(upstream, client));
            }

            if (!_isSilent)
            {
                Reset();
            }
        }

        private async Task<bool> ConnectAsync()
        {
            try
            {
                client.NoDelay = true;
                upstream.NoDelay = true;
                await upstream.ConnectAsync(server);
                return true;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // The server is not there, which its client learns from the reset.
                return false;
            }
        }

        private async Task ForwardAsync(Socket from, Socket to)
        {
            var buffer = new byte[16 * 1024];
            try
            {
                while (await from.ReceiveAsync(buffer) is > 0 and var count && !_isSilent)
                {
                    if (!_losesAnswers || to != client)
                    {
                        await to.SendAsync(buffer.AsMemory(0, count));
                    }
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // Either end is gone; the other one is told by the reset.
                return;
            }
        }
    }
}
