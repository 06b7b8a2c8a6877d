using Hypeman.GuestAgent.Agent;
using Hypeman.GuestAgent.Init;
using Hypeman.GuestAgent.Linux;
using Hypeman.GuestAgent.Programs;

// The kernel starts us as PID 1, without knowing of modes.
return Libc.GetPid() == 1 ? InitProcess.Run() : args.FirstOrDefault() switch
{
    AgentProcess.Mode => AgentProcess.Run(args),
    "exec-helper" => ExecHelper.Run(),
    _ => 2,
};
