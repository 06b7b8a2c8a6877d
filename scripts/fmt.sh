verb_fmt() { dotnet format Hypeman.sln --no-restore "$@"; }
