import TestKit
import Testing

@testable import CoreModel
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite struct SearchWordsTests {
    @Test("a text is found by its words in any script, compared in the same way as names")
    func examples() {
        for example in SearchExample.all {
            let isFound = SearchWords(example.wanted).areFound(in: example.said)
            #expect(isFound == example.isFound, "\(example.wanted) in \(example.said)")
        }
    }

    @Test("a text is found by itself, and by every prefix of its words")
    func itself() {
        for said in SearchExample.all.map(\.said) {
            #expect(SearchWords(said).areFound(in: said), "\(said)")
            for word in SearchWords.words(of: said) where !word.unicodeScalars.contains(where: { $0.value >= 0xF000 }) {
                #expect(SearchWords(String(word.prefix(1))).areFound(in: said), "\(word) in \(said)")
            }
        }
    }

    @Test(
        "a search without a word to look for fails with a reason",
        arguments: ["", "  ", "\u{0}", "\u{200B}\u{FE0F}", "\u{3000}\t\n", "\u{301}", "\u{7}\u{9B}"])
    func nothing(words: String) throws {
        #expect(SearchWords(words).isEmpty)
        let rig = try PeerRig()
        rig.tell(.commanded(.search(words: words, limit: 9), token: nil))
        guard case .failed(let failure) = rig.events.last else {
            Issue.record("\(rig.events)")
            return
        }
        #expect(failure.code == .badCommand && failure.text.hasPrefix("nothing to search for"))
    }

    @Test("the length of a search is bounded, however it is typed")
    func bounded() throws {
        let rig = try PeerRig()
        for words in [String(repeating: "a ", count: 5_000), String(repeating: "京", count: 5_000)] {
            rig.tell(.commanded(.search(words: words, limit: 9), token: nil))
            guard case .failed(let failure) = rig.events.last else {
                Issue.record("\(rig.events)")
                return
            }
            #expect(failure.code == .tooLong)
        }
    }
}
