/// Lines that a relay of ours says to a member.
package enum RelayNotice {
    package static let beforeCommunities =
        "your Earshot does not know the communities of relays, and this relay belongs to one: take a newer Earshot"
    package static let stopping = "the relay is being stopped"
    package static let mayBeHeard = "you may speak again"
    /// With a rate and what follows behind it.
    package static let tooFast = "you send more than"
    /// With what follows from it behind it.
    package static let stillMuted = "you are muted here"
    /// Behind an operator's name; a reason may follow.
    package static let muted = "muted you"
    /// Behind an operator's name.
    package static let unmuted = "lets you speak again"

    /// How those begin that are no person's words.
    package static let ofRelay = [stopping, mayBeHeard, tooFast, stillMuted]
}
