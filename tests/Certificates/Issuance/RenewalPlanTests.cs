using Hypeman.Certificates.Issuance;

namespace Hypeman.Tests.Certificates.Issuance;

public sealed class RenewalPlanTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(90, 55, 60)]
    [InlineData(6, 3.7, 4)]
    [InlineData(1, 0.61, 0.667)]
    public void A_certificate_is_renewed_after_about_two_thirds_of_its_life(double days, double from, double to)
    {
        foreach (var name in Enumerable.Range(0, 200).Select(number => $"n{number}.example.com"))
            Assert.InRange((RenewalPlan.RenewAt(name, Now, Now.AddDays(days)) - Now).TotalDays, from, to);
    }

    [Fact]
    public void Those_that_were_issued_together_are_not_renewed_together_and_each_knows_its_moment()
    {
        var moments = Enumerable.Range(0, 200).Select(number => RenewalPlan.RenewAt($"n{number}.example.com", Now, Now.AddDays(90))).ToList();

        Assert.True(moments.Distinct().Count() > 80);
        Assert.Equal(moments[7], RenewalPlan.RenewAt("n7.example.com", Now, Now.AddDays(90)));
    }

    [Fact]
    public void What_fails_is_tried_again_later_and_later_but_at_least_twice_a_day()
    {
        var pauses = Enumerable.Range(1, 20).Select(failures => RenewalPlan.RetryAt(failures, null, Now) - Now).ToList();

        Assert.Equal(TimeSpan.FromMinutes(1), pauses[0]);
        Assert.Equal(pauses.Order(), pauses);
        Assert.Equal(TimeSpan.FromHours(12), pauses[^1]);
    }

    [Fact]
    public void An_issuer_that_wants_to_be_left_alone_is() =>
        Assert.Equal(Now.AddHours(3), RenewalPlan.RetryAt(1, TimeSpan.FromHours(3), Now));
}
