// Fleets are looked at for what they leave on the machine, so there is one at a time; and two cores are few for VMs.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
