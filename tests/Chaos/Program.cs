using Hypeman.Tests.Chaos;

return await ChaosCommand.Create().Parse(args).InvokeAsync();
