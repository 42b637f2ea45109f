/// The texts of the notices that our relay sends to a member.
package enum RelayNotice {
    package static let beforeCommunities =
        "your Earshot does not know the communities of relays, and this relay belongs to one: take a newer Earshot"
    package static let stopping = "the relay is being stopped"
    package static let mayBeHeard = "you may speak again"
    /// Followed by the rate and the consequence.
    package static let tooFast = "you send more than"
    /// Followed by the consequence.
    package static let stillMuted = "you are muted here"
    /// Follows an operator's name; a reason may follow.
    package static let muted = "muted you"
    /// Follows an operator's name.
    package static let unmuted = "lets you speak again"

    /// The beginnings of the notices that come from the relay itself, not from a person.
    package static let ofRelay = [stopping, mayBeHeard, tooFast, stillMuted]
}
