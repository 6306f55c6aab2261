/// The ragas of the ten prompts.
extension Raga {
    static let desh = Raga(
        name: "Desh", ascent: [0, 2, 5, 7, 11], descent: [0, 2, 4, 5, 7, 9, 10], rests: [2, 7, 0], droneDegree: 7,
        signatures: [[2, 5, 7, 11, 12], [5, 4, 2, 4, -1, 0], [10, 9, 7, 5, 4, 2], [2, 5, 7, 10, 9, 7]],
        chords: [[0, 4, 7, 2], [2, 5, 9, 0], [5, 9, 0, 4], [7, 11, 2, 5]])

    static let megh = Raga(
        name: "Megh Malhar", ascent: [0, 2, 5, 7, 10], descent: [0, 2, 5, 7, 10], rests: [2, 7, 0], droneDegree: 7,
        signatures: [[5, 2, 2, 7], [10, 7, 5, 2, 0], [-2, 0, 2, 5, 2], [2, 5, 7, 10, 7, 12]],
        chords: [[0, 7, 10, 2], [10, 2, 5, 0], [5, 0, 7, 2], [7, 10, 2, 5]])

    static let malkauns = Raga(
        name: "Malkauns", ascent: [0, 3, 5, 8, 10], descent: [0, 3, 5, 8, 10], rests: [5, 0, 3], droneDegree: 5,
        signatures: [[5, 3, 5, 8, 5], [3, 0, -2, 0], [5, 8, 10, 12], [10, 8, 5, 3, 0]],
        chords: [[0, 3, 10, 5], [8, 0, 3, 10], [5, 8, 0, 3], [8, 0, 3, 5]])

    static let bhairav = Raga(
        name: "Bhairav", ascent: [0, 1, 4, 5, 7, 8, 11], descent: [0, 1, 4, 5, 7, 8, 11], rests: [8, 1, 7, 0],
        droneDegree: 7, signatures: [[4, 5, 8, 8, 7], [5, 4, 1, 1, 0], [0, 4, 5, 7, 8, 7], [-1, 0, 1, 0]],
        chords: [[0, 4, 7], [1, 5, 8, 0], [5, 8, 0], [0, 4, 7, 11]])

    static let bhimpalasi = Raga(
        name: "Bhimpalasi", ascent: [0, 3, 5, 7, 10], descent: [0, 2, 3, 5, 7, 9, 10], rests: [5, 7, 3, 0],
        droneDegree: 7, signatures: [[-2, 0, 5, 3, 5], [5, 7, 10, 12], [10, 9, 7, 5, 3, 5], [3, 2, 0]],
        chords: [[0, 3, 7, 10], [5, 9, 0, 3], [10, 2, 5, 9], [7, 10, 2, 5]])

    static let mand = Raga(
        name: "Mand", ascent: [0, 2, 5, 7, 9], descent: [0, 2, 4, 5, 7, 9, 11], rests: [0, 4, 7, 9], droneDegree: 7,
        signatures: [[12, 11, 9, 7], [9, 7, 5, 4, 2, 0], [0, 2, 5, 7, 9, 7], [7, 5, 4, 5, 2, 0]],
        chords: [[0, 4, 7, 2], [9, 0, 4, 7], [5, 9, 0, 4], [7, 11, 2, 5]])

    static let hamsadhwani = Raga(
        name: "Hamsadhwani", ascent: [0, 2, 4, 7, 11], descent: [0, 2, 4, 7, 11], rests: [7, 4, 0], droneDegree: 7,
        signatures: [[4, 7, 11, 12], [11, 7, 4, 2], [7, 4, 2, 0], [-5, -1, 0, 2, 4]],
        chords: [[0, 4, 7, 11], [4, 7, 11, 2], [7, 11, 2], [0, 4, 7, 2]])

    static let kirwani = Raga(
        name: "Kirwani", ascent: [0, 2, 3, 5, 7, 8, 11], descent: [0, 2, 3, 5, 7, 8, 11], rests: [0, 7, 3],
        droneDegree: 7,
        signatures: [[7, 8, 7, 5, 3], [0, 2, 3, 5, 3, 2, 0], [3, 5, 7, 8, 11, 12], [-1, 0, 3, 2, 0]],
        chords: [[0, 3, 7, 2], [5, 8, 0, 3], [8, 0, 3, 7], [7, 11, 2, 5]])

    static let pahadi = Raga(
        name: "Pahadi", ascent: [0, 2, 4, 7, 9], descent: [0, 2, 4, 5, 7, 9, 11], rests: [0, 7, 4], droneDegree: 7,
        signatures: [[-5, -3, 0, 2, 4], [4, 2, 0, -3, -5], [9, 7, 5, 4, 2, 0], [0, 2, 4, 7, 9]],
        chords: [[0, 4, 7, 9], [9, 0, 4, 7], [5, 9, 0, 4], [7, 11, 2]])

    static let bageshri = Raga(
        name: "Bageshri", ascent: [0, 3, 5, 9, 10], descent: [0, 2, 3, 5, 7, 9, 10], rests: [5, 9, 0], droneDegree: 5,
        signatures: [[9, 10, 9, 5], [5, 9, 10, 12], [5, 3, 2, 0], [-3, -2, 0, 5, 3]],
        chords: [[0, 3, 10, 2], [5, 9, 0, 3], [2, 5, 9, 0], [10, 2, 5, 9]])
}
