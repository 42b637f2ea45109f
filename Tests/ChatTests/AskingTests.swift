import TestKit
import Testing
import Wire

@testable import Chat

@Suite("Asking for what is missing")
struct AskingTests {
    /// A seed in which links were flushed in another order lost a message for half a minute: it was asked for while the
    /// other side was in another gathering, which does not answer, and not when that side offered it again.
    @Test("what was asked for of somebody who was elsewhere is asked for again when both are in one gathering")
    func askedAgain() throws {
        let rig = try PeerRig()
        let gathering = try #require(rig.peer.gathering)
        let member = rig.join("ben", Example.authors[1])
        let missing = try #require(EntryID([UInt8](repeating: 7, count: EntryID.byteCount)))
        let want = Frame.want(room: .lobby, ids: [missing])
        rig.say([.have(room: .lobby, ids: [missing])], member)
        #expect(member.frames.count { $0 == want } == 1)
        rig.say([.gathering(gathering), .have(room: .lobby, ids: [missing])], member)
        #expect(member.frames.count { $0 == want } == 2)
        // Asked for just now, and both have been in it since: not again.
        rig.say([.have(room: .lobby, ids: [missing])], member)
        #expect(member.frames.count { $0 == want } == 2)
    }
}
