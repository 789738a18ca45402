using DeadLetters;
using Tools;

using var interruption = new Interruption();
return await LetterCommandLine.RunAsync(args, LetterTool.OfProcess(), interruption.Token);
