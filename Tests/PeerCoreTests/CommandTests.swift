import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// Commands of a person or a program, and their answers.
@Suite struct CommandTests {
    private func failure(_ rig: PeerRig) -> Event.Failure? {
        if case .failed(let failure)? = rig.events.last { failure } else { nil }
    }

    @Test(
        "a text that shows nothing is not sent",
        arguments: ["", "   ", "\t\n", "\u{3000}\u{A0}", "\u{200B}\u{2060}", "\u{2800}", "\u{3164}\u{115F}"])
    func blank(text: String) throws {
        let rig = try PeerRig()
        let other = rig.join("ben", Example.authors[1])
        for command in [
            Command.say(text: text, kind: .text, room: nil), .say(text: text, kind: .action, room: .everyLobby),
            .tell(to: "ben", text: text, kind: .text), .say(text: text, kind: .text, room: .conversation(with: "ben")),
        ] {
            rig.tell(.commanded(command, token: nil))
            #expect(failure(rig)?.code == .badCommand && failure(rig)?.text.hasPrefix("nothing to say") == true)
        }
        #expect(rig.texts.isEmpty)
        #expect(!other.frames.contains { if case .entries = $0 { true } else { false } })
        rig.tell(.commanded(.say(text: "  x\u{200B}", kind: .text, room: nil), token: nil))
        #expect(rig.texts == ["  x\u{200B}"])
    }

    @Test("blocked peers are listed, present or not")
    func blocked() throws {
        let rig = try PeerRig()
        func list() -> [Event.BlockedPeer]? {
            rig.tell(.commanded(.blocked, token: nil))
            if case .blocked(let peers)? = rig.events.last { return peers } else { return nil }
        }
        #expect(list() == [])
        let ben = rig.join("ben", Example.authors[1])
        let cem = rig.join("cem", Example.authors[2])
        for name in ["ben", "cem"] { rig.tell(.commanded(.block(name), token: nil)) }
        rig.say([.goodbye(.leaving)], cem)
        rig.wait(.seconds(2))
        let expected = [
            Event.BlockedPeer(name: "ben", id: ben.id, isHere: true),
            Event.BlockedPeer(name: "cem", id: cem.id, isHere: false),
        ]
        #expect(list() == expected.sorted { $0.id < $1.id })
        rig.tell(.commanded(.unblock("cem"), token: nil))
        #expect(list()?.map(\.name) == ["ben"])
    }

    @Test("a peer that leaves does not report that the others have left")
    func leaving() throws {
        let rig = try PeerRig()
        _ = rig.join("ben", Example.authors[1])
        _ = rig.join("cem", Example.authors[2])
        rig.tell(.commanded(.quit(afterReceipts: false), token: nil))
        let left = rig.events.filter { if case .peer(let change) = $0 { change.state == .left } else { false } }
        #expect(left.isEmpty)
    }

    @Test("with relays only, `lobby` is the first relay's lobby when sending, showing history and forgetting")
    func lobbyOfRelay() throws {
        let rig = try ScriptedRelay()
        rig.start()
        rig.welcome()
        rig.wait(.seconds(2))
        rig.tell(.commanded(.say(text: "at the relay", kind: .text, room: .lobby), token: nil))
        for room in [RoomName.lobby, .everyLobby, .relayLobby(relay: "hub"), nil] {
            rig.tell(.commanded(.history(room: room, limit: 20), token: nil))
            guard case .history(_, let messages)? = rig.events.last else {
                Issue.record("no history of \(String(describing: room))")
                continue
            }
            #expect(messages.map(\.text) == ["at the relay"])
        }
        rig.tell(.commanded(.forget(.lobby), token: nil))
        rig.tell(.commanded(.history(room: nil, limit: 20), token: nil))
        guard case .history(_, let messages)? = rig.events.last else { return }
        #expect(messages.isEmpty)
    }
}
