using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>
/// Every refusal in the tables of Errors/: its exact words and exit code, and that nothing on the system is another than before.
/// </summary>
public sealed class ErrorTests(ErrorLab lab) : IClassFixture<ErrorLab>
{
    public static TheoryData<string, string> Cases => [.. ErrorCase.All.Select(wrong => (wrong.Table, wrong.Title))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void WrongInput_IsRefusedInTheseWordsAndChangesNothing(string table, string title)
    {
        ErrorCase wrong = ErrorCase.All.Single(one => (one.Table, one.Title) == (table, title));
        lab.Prepare(wrong.File);
        string before = lab.State();

        CommandResult result = lab.Run(wrong.Command);

        Assert.Equal(lab.Fill(wrong.Error), result.Error);
        Assert.Equal((wrong.ExitCode, ""), (result.ExitCode, result.Output));

        // A process that has to end, and the kernel's removal of what was its, may take a moment longer than the command.
        string after = "";
        Wait.Until(() => (after = lab.State()) == before, TimeSpan.FromSeconds(5), () => $"before:\n{before}\nafter:\n{after}");
    }

    [Fact]
    public void Tables_HaveAtLeastSixtyCasesOfDifferentWords()
    {
        Assert.True(ErrorCase.All.Count >= 60, $"{ErrorCase.All.Count} cases");
        Assert.Equal(ErrorCase.All.Count, ErrorCase.All.Select(wrong => (wrong.Table, wrong.Title)).Distinct().Count());
    }
}
