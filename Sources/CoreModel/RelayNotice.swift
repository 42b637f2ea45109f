/// Lines that a relay of ours says to a member.
enum RelayNotice {
    static let beforeCommunities =
        "your Earshot does not know the communities of relays, and this relay belongs to one: take a newer Earshot"
    static let stopping = "the relay is being stopped"
    static let mayBeHeard = "you may speak again"
    /// With a rate and what follows behind it.
    static let tooFast = "you send more than"
    /// With what follows from it behind it.
    static let stillMuted = "you are muted here"
    /// Behind an operator's name; a reason may follow.
    static let muted = "muted you"
    /// Behind an operator's name.
    static let unmuted = "lets you speak again"

    /// How those begin that are no person's words.
    static let ofRelay = [stopping, mayBeHeard, tooFast, stillMuted]
}
