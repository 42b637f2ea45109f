import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import Links
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("Guests of a relay")
struct RelayGuestTests {
    /// A plain text connection.
    private final class Guest {
        let rig: RelayRig
        let link: LinkID

        init(_ rig: RelayRig, from address: UInt32 = 0x0A00_0002) {
            self.rig = rig
            link = LinkID(number: LinkID.firstGuest + UInt64(rig.guests.count))
            rig.guests[link] = ([], false)
            rig.tell(.linkAccepted(link, from: Endpoint(address: .v4(address), port: 40_001)))
        }

        convenience init(_ rig: RelayRig, as name: String) {
            self.init(rig)
            type(name)
            _ = lines
        }

        func type(_ lines: String...) { send(lines.map { $0 + "\n" }.joined()) }
        func send(_ text: String) { rig.tell(.linkBytesReceived(link, Array(text.utf8))) }
        func close() { rig.tell(.linkClosed(link, .closedByPeer)) }

        /// The lines received since the last call; a question at the end is a line of its own.
        var lines: [String] {
            let text = String(decoding: rig.guests[link]?.received ?? [], as: UTF8.self)
            rig.guests[link]?.received = []
            return text.split(separator: "\r\n", omittingEmptySubsequences: true).map(String.init)
        }

        var isClosed: Bool { rig.guests[link]?.isClosed ?? true }
    }

    @Test("a guest is asked for a nickname, told that its text is not encrypted, and shown the members")
    func coming() throws {
        let rig = try RelayRig {
            $0.messageOfTheDay = "be kind\nand brief"
            $0.topic = "tea"
        }
        let ana = rig.join("ana")
        let guest = Guest(rig)
        #expect(guest.lines.last == "Nickname: ")
        guest.type("bea")
        #expect(
            guest.lines == [
                "* you are bea; /help tells what you can do, /quit leaves", "* the topic: tea", "* be kind",
                "* and brief", "* 2 here: ana, bea",
            ])
        #expect(ana.names == ["ana", "bea"])
        #expect(ana.roster.values.first { $0.name == "bea" }?.traits == [.isGuest])
        #expect(rig.relay.counters.guests == 1 && rig.relay.counters.members == 2)
    }

    @Test("a guest is asked again if a name is taken or not allowed")
    func names() throws {
        let rig = try RelayRig()
        rig.join("ana")
        let guest = Guest(rig)
        _ = guest.lines
        guest.type("ANA")
        #expect(guest.lines == ["Username exists", "Nickname: "])
        guest.type("")
        #expect(guest.lines.last == "Nickname: ")
        guest.type("a b", "#x")
        #expect(guest.lines.filter { $0.contains("Nickname: ") }.count == 2)
        guest.type("bea")
        #expect(guest.lines.first?.hasPrefix("* you are bea") == true)
        let choosing = Guest(rig)
        _ = choosing.lines
        choosing.type("bеa")
        let mixed = "a name cannot mix Latin and Cyrillic letters, because it could pass for another: use one script"
        #expect(choosing.lines == ["No: \(mixed).", "Nickname: "])
        choosing.type("dan")
        choosing.type("/nick bеa")
        #expect(choosing.lines.last == "* \(mixed)")
        choosing.type("/nick Lobby")
        #expect(choosing.lines == ["* a name cannot be lobby, because that means everybody here: take another"])
        choosing.type("/quit")
        _ = guest.lines
        let other = Guest(rig, as: "cy")
        other.type("/nick Bea")
        #expect(other.lines == ["Username exists"])
        other.type("/nick cyd")
        #expect(other.lines == ["* you are cyd now"])
        #expect(guest.lines == ["* cy joined", "* cy is now cyd"])
    }

    @Test("messages pass both ways, once, whole and under their author's name")
    func saying() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        let (bea, cy) = (Guest(rig, as: "bea"), Guest(rig, as: "cy"))
        _ = bea.lines
        bea.send("hello\r\nana: I am she\r\n")
        #expect(ana.texts == ["hello", "ana: I am she"])
        #expect(cy.lines == ["bea: hello", "bea: ana: I am she"])
        #expect(bea.lines.isEmpty)
        bea.type("/me waves", "//who")
        #expect(cy.lines == ["* bea waves", "bea: /who"])
        ana.lamport = 100
        rig.say("two\nlines\u{1B}[2J", ana)
        #expect(cy.lines == ["ana: two\u{23CE}lines\u{241B}[2J"])
    }

    @Test("a hundred lines in one piece arrive in order, even above the rate, and each is signed")
    func order() throws {
        let rig = try RelayRig { $0.limits.messageBurst = 10 }
        let ana = rig.join("ana")
        let bea = Guest(rig, as: "bea")
        bea.send((0..<100).map { "line \($0)\r\n" }.joined())
        rig.wait(.seconds(10))
        #expect(ana.texts == (0..<100).map { "line \($0)" })
        let lamports = try rig.relay.lobby.history(limit: 200).map(\.entry.lamport)
        #expect(lamports == lamports.sorted() && Set(lamports).count == 100)
    }

    @Test("guests learn that others join and leave, and a name is free immediately")
    func going() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        let bea = Guest(rig, as: "bea")
        let cy = Guest(rig, as: "cy")
        _ = bea.lines
        cy.close()
        #expect(bea.lines == ["* cy left"])
        #expect(ana.names == ["ana", "bea"])
        let again = Guest(rig, as: "cy")
        again.type("/quit")
        #expect(again.lines == ["* goodbye"])
        #expect(again.isClosed)
        #expect(bea.lines == ["* cy joined", "* cy left"])
        rig.say([.goodbye(.leaving)], ana)
        #expect(bea.lines == ["* ana left"])
    }

    @Test("guests can speak privately with each other, unheard by others")
    func privately() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        let (bea, cy, dan) = (Guest(rig, as: "bea"), Guest(rig, as: "cy"), Guest(rig, as: "dan"))
        for guest in [bea, cy, dan] { _ = guest.lines }
        bea.type("/msg CY psst")
        #expect(cy.lines == ["[bea to you] psst"])
        #expect(bea.lines == ["[you to cy] psst"])
        bea.type("/msg nobody psst", "/msg bea psst")
        #expect(bea.lines == ["* nobody here is called nobody", "* that is you"])
        #expect(dan.lines.isEmpty && ana.texts.isEmpty)
    }

    @Test("a guest that joins is shown the last messages")
    func history() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        for index in 0..<15 { rig.say("line \(index)", ana) }
        let guest = Guest(rig)
        guest.type("bea")
        let earlier = guest.lines.filter { $0.contains("UTC") }
        #expect(earlier == (5..<15).map { "(2027-01-15 08:00 UTC) ana: line \($0)" })
    }

    @Test("the room's password applies to guests too, and guessing is cut off")
    func password() throws {
        let rig = try RelayRig { $0.roomPassword = RelayRig.isRight("sesame") }
        let guest = Guest(rig)
        guest.type("bea")
        #expect(guest.lines.last?.hasSuffix("Password: ") == true)
        guest.type("wrong")
        #expect(guest.lines == ["The password is wrong.", "Password: "])
        guest.type("sesame")
        #expect(guest.lines.first?.hasPrefix("* you are bea") == true)
        let guesser = Guest(rig, from: 0x0A00_0003)
        for _ in 0..<20 { guesser.type("x y") }
        #expect(guesser.isClosed)
    }

    @Test("a banned or unlisted guest and one too many learn the reason, and the connection is closed")
    func refused() throws {
        let listed = try RelayRig { $0.allowedPeers = [] }
        let stranger = Guest(listed)
        stranger.type("bea")
        #expect(stranger.lines.last?.contains("only invited keys") == true)
        #expect(stranger.isClosed)

        let full = try RelayRig { $0.limits.memberCount = 1 }
        full.join("ana")
        let late = Guest(full)
        late.type("bea")
        #expect(late.lines.last?.contains("full") == true)
        #expect(late.isClosed)

        let one = try RelayRig { $0.limits.guestCount = 1 }
        let first = Guest(one, as: "bea")
        let second = Guest(one)
        #expect(second.lines == ["There is no place for another guest. Try again later."])
        #expect(second.isClosed)
        first.close()
        #expect(!Guest(one).isClosed)
    }

    @Test("operators kick, ban and mute guests like other members")
    func moderated() throws {
        let rig = try RelayRig()
        let operatorIdentity = Identity(seed: Array(repeating: 9, count: 32))
        rig.configuration.operators = [operatorIdentity.peerID]
        rig.relay.configure(rig.configuration)
        let ana = rig.join("ana", as: operatorIdentity)
        let (bea, cy) = (Guest(rig, as: "bea"), Guest(rig, as: "cy"))
        _ = bea.lines
        #expect(rig.moderate(ana, .mute, "bea", "too loud")?.outcome == .done)
        #expect(bea.lines == ["* ana muted you: too loud"])
        bea.type("hello?")
        #expect(bea.lines == ["* not said: you are muted"])
        #expect(ana.texts.isEmpty)
        #expect(rig.moderate(ana, .kick, "bea", "enough")?.outcome == .done)
        #expect(bea.lines == ["* you were removed by ana: enough"])
        #expect(bea.isClosed)
        #expect(cy.lines == ["* bea was removed"])
        #expect(rig.moderate(ana, .ban, "cy", "you too")?.outcome == .done)
        #expect(cy.isClosed)
        let again = Guest(rig, from: 0x0A00_0009)
        again.type("cy")
        #expect(again.lines.last?.contains("banned by ana: you too") == true)
    }

    @Test("short connections, silence and random bytes delay no other guest")
    func hostile() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        for _ in 0..<50 { Guest(rig).close() }
        let silent = Guest(rig)
        let rubbish = Guest(rig)
        rig.tell(.linkBytesReceived(rubbish.link, (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }))
        let bea = Guest(rig, as: "bea")
        bea.type("hello")
        #expect(ana.texts == ["hello"])
        rig.wait(RelayGuest.joinTime + .seconds(10))
        #expect(silent.isClosed)
        #expect(!bea.isClosed)
        bea.type("still here")
        rig.say([.ping(1)], ana)
        #expect(rig.relay.counters.guests == 1)
    }

    @Test("guests are notified when the relay stops")
    func stopped() throws {
        let rig = try RelayRig()
        let bea = Guest(rig, as: "bea")
        rig.tell(.commanded(.quit(afterReceipts: false), token: nil))
        #expect(bea.lines == ["* the relay is being stopped"])
        #expect(bea.isClosed)
        #expect(rig.exit == .done)
    }
}
