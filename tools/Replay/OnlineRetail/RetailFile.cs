namespace Replay.OnlineRetail;

/// <summary>Reads an Online Retail CSV file.</summary>
internal static class RetailFile
{
    /// <summary>Reads the file at <paramref name="path"/>.</summary>
    /// <exception cref="RetailFileException">There is no such file, it cannot be read, it is no Online Retail CSV, or it has no rows.</exception>
    public static async Task<RetailDay> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw new RetailFileException("this is a directory; name a CSV file in it");
            }

            await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, useAsync: true);
            return await ReadAsync(stream, cancellationToken);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RetailFileException("there is no such file");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new RetailFileException($"the file cannot be read: {error.Message}");
        }
    }

    /// <summary>Reads an open file.</summary>
    /// <exception cref="RetailFileException">It is no Online Retail CSV, or has no rows.</exception>
    public static async Task<RetailDay> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        RetailColumns? columns = null;
        var lines = new PhysicalLineReader(stream).ReadAsync(cancellationToken);
        var records = new CsvRecordReader(lines, record => columns is not null && LineRules.Check(record, columns).Row is not null);
        var invoices = new InvoiceGrouping();
        await foreach (var record in records.ReadAsync(cancellationToken))
        {
            if (columns is null)
            {
                columns = RetailColumns.Find(record);
                continue;
            }

            var (row, rejected) = LineRules.Check(record, columns);
            if (row is not null)
            {
                invoices.Add(row);
            }
            else
            {
                invoices.Add(rejected!);
            }
        }

        var day = invoices.Build();
        return (columns, day.RowCount) switch
        {
            (null, _) => throw new RetailFileException("the file is empty"),
            (_, 0) => throw new RetailFileException("the file has a header but no rows"),
            _ => day,
        };
    }
}
