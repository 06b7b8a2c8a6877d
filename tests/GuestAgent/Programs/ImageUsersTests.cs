using Hypeman.GuestAgent.Programs;

namespace Hypeman.Tests.GuestAgent.Programs;

public sealed class ImageUsersTests
{
    private static readonly string[] Passwd =
    [
        "root:x:0:0:root:/root:/bin/sh", "broken line", "app:x:1000:1001:app:/home/app:/bin/sh", "bare:x:7:8:::",
        "123:x:9:9:a name of digits:/n:/bin/sh",
    ];

    private static readonly string[] Group = ["root:x:0:", "app:x:1001:", "extra:x:2000:other,app", "wheel:x:10:app", "bad:x"];

    [Theory]
    [InlineData(null, 0, 0, "0", "/root")]
    [InlineData("", 0, 0, "0", "/root")]
    [InlineData("app", 1000, 1001, "1001,2000,10", "/home/app")]
    [InlineData("1000", 1000, 1001, "1001,2000,10", "/home/app")]
    [InlineData("app:extra", 1000, 2000, "2000", "/home/app")]
    [InlineData("app:77", 1000, 77, "77", "/home/app")]
    [InlineData("4242", 4242, 0, "0", "/")]
    [InlineData("4242:4343", 4242, 4343, "4343", "/")]
    [InlineData(":extra", 0, 2000, "2000", "/root")]
    [InlineData("bare", 7, 8, "8", "/")]
    [InlineData("123", 9, 9, "9", "/n")]
    public void Users_and_groups_are_resolved_by_the_images_files(string? user, uint uid, uint gid, string groups, string home)
    {
        var resolved = ImageUsers.Resolve(user, Passwd, Group);
        Assert.Equal((uid, gid, groups, home), (resolved.Uid, resolved.Gid, string.Join(',', resolved.Groups), resolved.Home));
    }

    [Theory]
    [InlineData("nobody", "user \"nobody\"")]
    [InlineData("-1", "user \"-1\"")]
    [InlineData("app:nogroup", "group \"nogroup\"")]
    public void A_name_that_is_in_no_file_is_said(string user, string what) =>
        Assert.Contains(what, Assert.Throws<InvalidDataException>(() => ImageUsers.Resolve(user, Passwd, Group)).Message);

    [Fact]
    public void An_image_without_these_files_runs_as_root_and_by_numbers()
    {
        Assert.Equal((0u, 0u, "/root"), Short(ImageUsers.Resolve(null, [], [])));
        Assert.Equal((5u, 6u, "/"), Short(ImageUsers.Resolve("5:6", [], [])));
    }

    private static (uint, uint, string) Short(ImageUser user) => (user.Uid, user.Gid, user.Home);
}
