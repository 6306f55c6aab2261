import Glibc
import Platform

@testable import Backends

/// Audio for the tests, made with ffmpeg or sample by sample.
struct Material {
    let directory: String

    /// Something like music: notes that come and go, a little different on both sides. About -20 LUFS.
    static func melody(seconds: Double, seed: UInt64 = 1, gain: Float = 1) -> [Float] {
        let frames = Int(seconds * 44_100)
        var samples = [Float](repeating: 0, count: 2 * frames)
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        let scale: [Double] = [1, 1.125, 1.25, 1.5, 1.667, 2, 2.25, 2.5]
        var step = 0.0
        var phase = 0.0
        for frame in 0..<frames {
            let place = frame % 11_025
            if place == 0 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let note: Double = scale[Int(state >> 40) % scale.count]
                step = 2 * Double.pi * 196 * note / 44_100
            }
            phase += step
            let envelope = min(1, Double(place) / 300) * max(0, 1 - Double(place) / 11_025)
            let value = Float(wave(phase) * envelope * 0.4) * gain
            samples[2 * frame] = value
            samples[2 * frame + 1] = value * 0.8
        }
        return samples
    }

    private static func wave(_ phase: Double) -> Double { sin(phase) + 0.4 * sin(2 * phase) + 0.2 * sin(3 * phase) }

    /// Writes stereo floats.
    func floats(_ samples: [Float], as name: String = "source.wav") throws -> String {
        try FloatWav.write(samples, to: "\(directory)/\(name)")
        return "\(directory)/\(name)"
    }

    /// The melody through ffmpeg: `arguments` come between input and output.
    func melody(seconds: Double, seed: UInt64 = 1, _ arguments: [String], as name: String) throws -> String {
        let plain = try floats(Self.melody(seconds: seconds, seed: seed), as: "plain-\(name).wav")
        try ffmpeg(["-i", plain] + arguments, as: name)
        return "\(directory)/\(name)"
    }

    func ffmpeg(_ arguments: [String], as name: String) throws {
        _ = try Tool("ffmpeg", searchPath: machinePath).run(
            ["-v", "error", "-nostdin", "-y"] + arguments + ["\(directory)/\(name)"])
    }
}

/// Stereo 16-bit samples behind the plain header, left and right.
func canonicalSamples(_ path: String) throws -> (left: [Int16], right: [Int16]) {
    let bytes = try read(path).dropFirst(44)
    func sample(_ at: Int) -> Int16 { Int16(bitPattern: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8) }
    let frames = stride(from: bytes.startIndex, to: bytes.endIndex - 3, by: 4)
    return (frames.map { sample($0) }, frames.map { sample($0 + 2) })
}
