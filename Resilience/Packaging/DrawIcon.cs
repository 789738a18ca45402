using System;
using System.IO;
using System.IO.Compression;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>Draws the packages' icon as a PNG: four rings, a tier each, one of them broken. Compiled when it is packed, for MSBuild's own framework.</summary>
public sealed class DrawIcon : Task
{
    private const int Size = 128;

    /// <summary>Where it is written.</summary>
    [Required]
    public string File { get; set; }

    public override bool Execute()
    {
        var rows = new MemoryStream();
        for (var y = 0; y < Size; y++)
        {
            rows.WriteByte(0);
            for (var x = 0; x < Size; x++)
            {
                rows.Write(ColorAt(x - 63.5, y - 63.5), 0, 4);
            }
        }

        Directory.CreateDirectory(Path.GetDirectoryName(File));
        using (var file = System.IO.File.Create(File))
        {
            file.Write(new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10 }, 0, 8);
            Chunk(file, "IHDR", new byte[] { 0, 0, 0, Size, 0, 0, 0, Size, 8, 6, 0, 0, 0 });
            Chunk(file, "IDAT", Compressed(rows.ToArray()));
            Chunk(file, "IEND", new byte[0]);
        }

        return true;
    }

    private static byte[] ColorAt(double x, double y)
    {
        var radius = Math.Sqrt((x * x) + (y * y));
        for (var ring = 0; ring < 4; ring++)
        {
            var isBroken = ring == 2 && x > 0 && Math.Abs(y) < 12;
            if (Math.Abs(radius - 14 - (ring * 14)) < 4.5 && !isBroken)
            {
                return ring == 2 ? new byte[] { 0xE4, 0x57, 0x2E, 255 } : new byte[] { 0x1F, (byte)(0x5F + (ring * 24)), 0x8B, 255 };
            }
        }

        return new byte[] { 0, 0, 0, 0 };
    }

    private static byte[] Compressed(byte[] data)
    {
        var output = new MemoryStream();
        output.WriteByte(0x78);
        output.WriteByte(0x9C);
        using (var deflate = new DeflateStream(output, CompressionLevel.Optimal, true))
        {
            deflate.Write(data, 0, data.Length);
        }

        uint a = 1, b = 0;
        foreach (var one in data)
        {
            a = (a + one) % 65521;
            b = (b + a) % 65521;
        }

        var sum = BigEndian((b << 16) | a);
        output.Write(sum, 0, 4);
        return output.ToArray();
    }

    private static void Chunk(Stream file, string type, byte[] data)
    {
        var body = new byte[4 + data.Length];
        Encoding.ASCII.GetBytes(type, 0, 4, body, 0);
        data.CopyTo(body, 4);
        file.Write(BigEndian((uint)data.Length), 0, 4);
        file.Write(body, 0, body.Length);
        file.Write(BigEndian(Crc(body)), 0, 4);
    }

    private static uint Crc(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var one in data)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 1 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }

    private static byte[] BigEndian(uint value)
    {
        return new[] { (byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value };
    }
}
